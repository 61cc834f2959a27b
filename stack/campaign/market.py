"""What is on sale: twenty slots, some with long lots, some with short ones in turn."""

import random
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from stack.campaign.threads import Backoff, StoppableThread
from stack.client import STARTING_PRICE, CallError, User
from stack.websocket_client import Frame

SLOTS, SHORT_SLOTS = 20, 6
LONG_S = 3 * 3_600.0
SHORT_S = (5.5, 7.5)  # the shortest allowed is 5 s
SOFT_CLOSE = {"window_s": 2, "extend_s": 2, "extensions_max": 3}
STEP = 500
BUY_NOW_PRICE = 200_000
TURN_S = 0.2


@dataclass(frozen=True, slots=True)
class Lot:
    """One auction; `over_at` is when it is replaced, by the monotonic clock."""

    auction_id: int
    over_at: float


class Market:
    """The lots of now and what is known of their prices; read and written by all clients."""

    def __init__(self) -> None:
        self.lots: list[Lot | None] = [None] * SLOTS
        self.outcomes = 0  # outcomes, to any client
        self._minimum: dict[int, int] = defaultdict(lambda: STARTING_PRICE)

    def lot(self, slot: int) -> Lot | None:
        """Return the lot that is open in a slot now."""
        lot = self.lots[slot]
        return lot if lot and lot.over_at > time.monotonic() else None

    def learn(self, auction_id: int, frame: Frame) -> None:
        """Keep the minimum of the next bid, if this frame names it."""
        minimum = frame.get("minimum_next_bid")
        if minimum is not None:
            self._minimum[auction_id] = max(self._minimum[auction_id], minimum)

    def offer(self, auction_id: int, rng: random.Random) -> Frame:
        """Return a random bid; two of three are high enough, as far as is known."""
        minimum = self._minimum[auction_id]
        raised = minimum + rng.randrange(0, 3) * STEP
        amount = raised if rng.random() < 2 / 3 else max(1, minimum - rng.randrange(1, 5) * STEP)
        kind = "max" if rng.random() < 1 / 5 else "exact"
        return {"auction_id": auction_id, "amount": amount, "kind": kind, "confirm": True}


class Seller(StoppableThread):
    """Puts up a lot wherever there is none, while `open` is set."""

    def __init__(self, user: User, market: Market, rng: random.Random) -> None:
        super().__init__("seller")
        self.open = threading.Event()
        self._user, self._market, self._rng = user, market, rng
        self._backoff = Backoff(rng)

    def run(self) -> None:
        """Until `stop`."""
        while not self._stopping.wait(TURN_S):
            if not self.open.is_set():
                continue
            try:
                self.fill(range(SLOTS))
                self._backoff.reset()
            except CallError:
                self._stopping.wait(self._backoff.next_s())

    def fill(self, slots: range) -> None:
        """Create a lot in each of these slots that has none. Raise CallError."""
        for slot in slots:
            if self._market.lot(slot) is None:
                self._market.lots[slot] = self._put_up(short=slot >= SLOTS - SHORT_SLOTS)

    def _put_up(self, *, short: bool) -> Lot:
        lasts_s = self._rng.uniform(*SHORT_S) if short else LONG_S
        over_at = time.monotonic() + lasts_s
        terms = self._terms() if short else {}
        lot = self._user.open_auction(lasts_s=lasts_s, soft_close=SOFT_CLOSE, **terms)
        return Lot(lot["id"], over_at)

    def _terms(self) -> dict[str, Any]:
        """Of short lots some have a reserve, and some can be bought."""
        reserve = {"reserve_price": self._rng.randrange(STARTING_PRICE, 20_000)}
        buy_now = {"buy_now_price": BUY_NOW_PRICE}
        return self._rng.choice([{}, reserve, buy_now, {**reserve, **buy_now}])
