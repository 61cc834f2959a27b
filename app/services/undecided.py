"""How many bids of an auction are under way, and how many may be: no more than are decided in time.

The limit finds itself, auction by auction, as TCP finds its window: outcomes that come in time
raise it where room is short, late ones halve it. So what is taken is what
workers, stores and fan-out carry together, and a bid that is taken is decided in about DECIDED_S.

It counts only while outcomes come. When none does, nothing is known: the workers may be away, or
Redis, and bids are taken, because the log keeps them. Each gateway counts the bids it has placed.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from app.domain.errors import BusyError
from app.observability import metrics
from app.protocol.topics import AUCTION_BID
from app.services.backlog import RETRY_MIN_S

DECIDED_S: Final = 0.8  # half of what a bidder may wait at most when more comes than is carried
QUIET_S: Final = 2.0  # without an outcome for so long, nothing is known
AT_FIRST: Final = 2_000  # bids under way that are accepted before the first measurement
GROWTH: Final = 0.25  # by one outcome in time; with more, the limit swings
AT_LEAST: Final = 200  # so many may be under way, however late their outcomes come
KEPT_S: Final = 60.0  # a bid whose outcome has not come by then is forgotten
PLACED_MAX: Final = 20_000  # of one auction, remembered: 4 MB; the oldest is forgotten first
AUCTIONS_MAX: Final = 10_000  # with bids under way; the one that had none for longest goes first


class _Lane:
    """The bids of one auction that are under way; times are monotonic seconds."""

    __slots__ = ("_decided_at", "_limit", "_placed", "reserved")

    def __init__(self) -> None:
        self._placed: OrderedDict[str, float] = OrderedDict()
        self._limit = float(AT_FIRST)
        self._decided_at = float("-inf")
        self.reserved = 0  # accepted bids that wait to be placed

    def is_full(self, now: float) -> bool:
        return (
            len(self._placed) + self.reserved >= self._limit and now - self._decided_at <= QUIET_S
        )

    def add(self, bid_id: str, now: float) -> None:
        placed = self._placed
        placed[bid_id] = now
        while len(placed) > PLACED_MAX or next(iter(placed.values())) <= now - KEPT_S:
            placed.popitem(last=False)

    def forget(self, bid_id: str) -> None:
        self._placed.pop(bid_id, None)

    def decided(self, bid_id: str, now: float) -> None:
        placed_at = self._placed.get(bid_id)
        if placed_at is None:
            return
        count = len(self._placed)
        del self._placed[bid_id]
        self._decided_at = now
        if now - placed_at > DECIDED_S:
            # By half in the time in which as many outcomes come as bids are under way.
            limit = min(self._limit, 2.0 * count)
            self._limit = max(float(AT_LEAST), limit - limit / (2.0 * count))
        elif self._limit < max(AT_FIRST, 2 * count):
            self._limit += GROWTH


class Undecided:
    """The bids of one gateway that are under way, auction by auction."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lanes: OrderedDict[int, _Lane] = OrderedDict()

    def check(self, auction_id: int) -> None:
        """Raise BusyError while more bids would not be decided in time."""
        lane = self._lanes.get(auction_id)
        if lane is not None and lane.is_full(self._clock()):
            metrics.REFUSED.labels(AUCTION_BID.name, metrics.UNDECIDED).inc()
            raise BusyError(
                "too many bids on this auction are undecided", retry_after_s=RETRY_MIN_S
            )

    def reserve(self, auction_id: int) -> None:
        """Count a bid that is taken, until `release`; then it is placed without another check."""
        self._lane(auction_id).reserved += 1

    def release(self, auction_id: int) -> None:
        """End a reservation."""
        lane = self._lanes.get(auction_id)
        if lane is not None and lane.reserved:
            lane.reserved -= 1

    def placed(self, auction_id: int, bid_id: str, waited_s: float = 0.0) -> None:
        """Count a bid that was appended, and was received `waited_s` seconds before."""
        self._lane(auction_id).add(bid_id, self._clock() - waited_s)

    def decided(self, auction_id: int, bid_id: str) -> None:
        """Count the bid's outcome."""
        lane = self._lanes.get(auction_id)
        if lane is not None:
            lane.decided(bid_id, self._clock())

    def forget(self, auction_id: int, bid_id: str) -> None:
        """Stop counting a bid that was not appended, or whose fate is unknown."""
        lane = self._lanes.get(auction_id)
        if lane is not None:
            lane.forget(bid_id)

    def _lane(self, auction_id: int) -> _Lane:
        lane = self._lanes.get(auction_id)
        if lane is None:
            lane = self._lanes[auction_id] = _Lane()
            if len(self._lanes) > AUCTIONS_MAX:
                self._lanes.popitem(last=False)
        return lane
