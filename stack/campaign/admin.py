"""An admin who voids bidders of lots that are open now."""

import random
from collections.abc import Sequence
from contextlib import suppress

from stack.campaign.market import SHORT_SLOTS, SLOTS
from stack.campaign.threads import StoppableThread
from stack.campaign.watcher import Context
from stack.client import CallError, User

EVERY_S = 3.0  # on average
LONG_SLOTS = SLOTS - SHORT_SLOTS
LONG_LOTS = 0.1  # how often it is a lot that lasts, on which the bidder bids no more until the end


class Admin(StoppableThread):
    """Voids a bidder now and then, while `placing` is set."""

    def __init__(
        self, user: User, context: Context, *, bidder_ids: Sequence[int], rng: random.Random
    ) -> None:
        super().__init__("admin")
        self._user, self._context, self._rng = user, context, rng
        self._bidder_ids = bidder_ids
        self.pending = 0  # how many voids have no answer

    def run(self) -> None:
        """Until `stop`."""
        while not self._stopping.wait(self._rng.expovariate(1 / EVERY_S)):
            if self._context.placing.is_set():
                self._void()

    def _void(self) -> None:
        lasts = self._rng.random() < LONG_LOTS
        slot = self._rng.choice(range(LONG_SLOTS) if lasts else range(LONG_SLOTS, SLOTS))
        lot = self._context.market.lot(slot)
        if lot is None:
            return
        body = {"bidder_id": self._rng.choice(self._bidder_ids), "reason": "never pays"}
        self.pending = 1
        with suppress(CallError):  # whether it is in the log the audit will see
            self._user.call("POST", f"/api/admin/auctions/{lot.auction_id}/void", body)
        self.pending = 0
