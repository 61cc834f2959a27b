"""An admin who voids bidders of lots that are open now."""

import random
import threading
from collections.abc import Sequence
from contextlib import suppress

from stack.campaign.market import SHORT_SLOTS, SLOTS, Market
from stack.campaign.people import Person, UnavailableError

EVERY_S = 3.0  # on average
LONG_SLOTS = SLOTS - SHORT_SLOTS
LONG_LOTS = 0.1  # how often it is a lot that lasts, on which the bidder bids no more until the end


class Admin(threading.Thread):
    """Voids a bidder now and then, while `placing` is set."""

    def __init__(
        self,
        person: Person,
        market: Market,
        *,
        bidder_ids: Sequence[int],
        placing: threading.Event,
        rng: random.Random,
    ) -> None:
        super().__init__(name="admin", daemon=True)
        self._person, self._market, self._rng = person, market, rng
        self._bidder_ids, self._placing = bidder_ids, placing
        self._stopping = threading.Event()
        self.pending = 0  # how many voids have no answer

    def run(self) -> None:
        """Until `stop`."""
        while not self._stopping.wait(self._rng.expovariate(1 / EVERY_S)):
            if self._placing.is_set():
                self._void()

    def stop(self) -> None:
        """Stop soon; join the thread to wait for that."""
        self._stopping.set()

    def _void(self) -> None:
        lasts = self._rng.random() < LONG_LOTS
        slot = self._rng.choice(range(LONG_SLOTS) if lasts else range(LONG_SLOTS, SLOTS))
        lot = self._market.lot(slot)
        if lot is None:
            return
        body = {"bidder_id": self._rng.choice(self._bidder_ids), "reason": "never pays"}
        self.pending = 1
        with suppress(UnavailableError):  # whether it is in the log the audit will see
            self._person.call("POST", f"/api/admin/auctions/{lot.auction_id}/void", body)
        self.pending = 0
