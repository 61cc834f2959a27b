"""Somebody who voids bidders on lots that are sold now."""

import random
import threading
from collections.abc import Sequence
from contextlib import suppress

from stack.campaign.market import PLACES, SHORT_PLACES, Market
from stack.campaign.people import AwayError, Person

EVERY_S = 3.0  # on average
LONG_PLACES = PLACES - SHORT_PLACES
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
        self._leaving = threading.Event()
        self.open = 0  # how many voids have no answer

    def run(self) -> None:
        """Until `leave`."""
        while not self._leaving.wait(self._rng.expovariate(1 / EVERY_S)):
            if self._placing.is_set():
                self._void()

    def leave(self) -> None:
        """Go home."""
        self._leaving.set()

    def _void(self) -> None:
        lasts = self._rng.random() < LONG_LOTS
        place = self._rng.choice(range(LONG_PLACES) if lasts else range(LONG_PLACES, PLACES))
        lot = self._market.lot(place)
        if lot is None:
            return
        body = {"bidder_id": self._rng.choice(self._bidder_ids), "reason": "never pays"}
        self.open = 1
        with suppress(AwayError):  # whether it is in the log the audit will see
            self._person.call("POST", f"/api/admin/auctions/{lot.auction_id}/void", body)
        self.open = 0
