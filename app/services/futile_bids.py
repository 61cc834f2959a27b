"""A limit on bids without effect: how many a user may send to one auction in a minute.

Counted in each gateway: the bids it has appended that are undecided, and the bids of its signed-in
users that were refused, whichever gateway they were sent to, because a gateway receives the
outcomes of its users. An accepted bid is no longer counted once its outcome has arrived. So each of
several gateways lets the full number of undecided bids pass until their outcomes arrive; refused
bids count in all of them.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from app.domain.errors import RateLimitedError

WINDOW_S: Final = 60.0
LANES_MAX: Final = 20_000  # a user and an auction, counted at once; the longest unused go first
DROPPED_MAX: Final = 2  # lanes dropped with each bid: more than come anew, and no long pause

Lane = tuple[int, int]
"""A bidder and an auction."""


class FutileBids:
    """Counts by bidder and auction; refuses above `per_minute`."""

    def __init__(self, per_minute: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute, self._clock = per_minute, clock
        # By lane, the longest unused first: its bids and when they came, the oldest first. What
        # comes again with the same id counts by an object of its own.
        self._lanes: OrderedDict[Lane, dict[object, float]] = OrderedDict()

    def check(self, bidder_id: int, auction_id: int) -> None:
        """Raise RateLimitedError when there were too many in the last minute."""
        bids = self._lanes.get((bidder_id, auction_id))
        if bids is None or len(bids) < self._per_minute:
            return
        now = self._clock()
        self._forget_old(bids, now)
        if len(bids) >= self._per_minute:
            oldest = next(iter(bids.values()))
            raise RateLimitedError(
                "too many bids on this auction that were refused or are undecided",
                retry_after_s=oldest + WINDOW_S - now,
            )

    def placed(self, bidder_id: int, auction_id: int, bid_id: str) -> None:
        """Count a bid that was appended, or may have been."""
        now = self._clock()
        bids = self._bids((bidder_id, auction_id), now)
        bids[object() if bid_id in bids else bid_id] = now

    def forget(self, bidder_id: int, auction_id: int, bid_id: str) -> None:
        """Stop counting a bid: it was accepted, or was not appended after all."""
        bids = self._lanes.get((bidder_id, auction_id))
        if bids is not None:
            bids.pop(bid_id, None)

    def refused(self, bidder_id: int, auction_id: int, bid_id: str) -> None:
        """Count a refused bid, whichever gateway it was sent to."""
        now = self._clock()
        bids = self._bids((bidder_id, auction_id), now)
        if bid_id not in bids:
            bids[bid_id] = now
            if len(bids) > self._per_minute:  # as many as this are refused at, whichever they are
                del bids[next(iter(bids))]

    def _bids(self, lane: Lane, now: float) -> dict[object, float]:
        """Return the bids of `lane` that count, to be added to."""
        self._drop_unused(now)
        bids = self._lanes.setdefault(lane, {})
        self._lanes.move_to_end(lane)
        self._forget_old(bids, now)
        return bids

    def _drop_unused(self, now: float) -> None:
        for _ in range(min(DROPPED_MAX, len(self._lanes))):
            bids = next(iter(self._lanes.values()))
            newest = next(reversed(bids.values()), float("-inf"))
            if newest > now - WINDOW_S and len(self._lanes) < LANES_MAX:
                return
            self._lanes.popitem(last=False)

    @staticmethod
    def _forget_old(bids: dict[object, float], now: float) -> None:
        while bids and next(iter(bids.values())) <= now - WINDOW_S:
            del bids[next(iter(bids))]
