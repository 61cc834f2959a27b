"""How many bids of an auction may be under way: what is decided in time, found without a number."""

from collections import deque
from itertools import count

import pytest

from app.domain.errors import BusyError
from app.services.undecided import AT_FIRST, AT_LEAST, QUIET_S, Undecided

AUCTION, OTHER = 1, 2
STEP_S = 0.01


class Market:
    """Bidders offer `offered_per_s`, and workers decide `decided_per_s`, oldest first."""

    def __init__(self) -> None:
        self.now = 0.0
        self.undecided = Undecided(clock=lambda: self.now)
        self.queue: deque[tuple[str, float]] = deque()
        self.refused = self.decided = 0
        self.waits_s: list[float] = []
        self._ids = count()
        self._offered = self._decidable = 0.0

    def bid(self, auction_id: int = AUCTION) -> bool:
        """Return whether one more bid is accepted."""
        try:
            self.undecided.check(auction_id)
        except BusyError:
            return False
        bid = str(next(self._ids))
        self.undecided.placed(auction_id, bid)
        if auction_id == AUCTION:
            self.queue.append((bid, self.now))
        return True

    def run(self, seconds: float, *, offered_per_s: float, decided_per_s: float) -> None:
        self.refused = self.decided = 0
        self.waits_s = []
        for _ in range(round(seconds / STEP_S)):
            self.now += STEP_S
            self._offered += offered_per_s * STEP_S
            while self._offered >= 1:
                self._offered -= 1
                self.refused += not self.bid()
            self._decidable += decided_per_s * STEP_S
            while self._decidable >= 1 and self.queue:
                self._decidable -= 1
                self._decide()
            self._decidable = min(self._decidable, 1.0)

    def _decide(self) -> None:
        bid, placed_at = self.queue.popleft()
        self.decided += 1
        self.waits_s.append(self.now - placed_at)
        self.undecided.decided(AUCTION, bid)


def test_load_within_the_capacity_is_never_refused() -> None:
    market = Market()
    market.run(20, offered_per_s=5_000, decided_per_s=5_500)
    assert market.refused == 0


@pytest.mark.parametrize("capacity", [100, 1_000, 4_000])
def test_at_twice_the_capacity_accepted_bids_are_in_time(capacity: int) -> None:
    market = Market()
    market.run(10, offered_per_s=2 * capacity, decided_per_s=capacity)
    market.run(20, offered_per_s=2 * capacity, decided_per_s=capacity)
    assert market.decided >= 0.98 * 20 * capacity
    assert max(market.waits_s) < 2.0


def test_below_the_capacity_nothing_is_refused() -> None:
    market = Market()
    market.run(10, offered_per_s=4_000, decided_per_s=2_000)
    assert market.refused > 0
    market.run(2, offered_per_s=1_500, decided_per_s=2_000)
    market.run(5, offered_per_s=1_500, decided_per_s=2_000)
    assert market.refused == 0


def test_a_burst_is_accepted() -> None:
    market = Market()
    assert all(market.bid() for _ in range(AT_FIRST))


def test_without_outcomes_nothing_is_refused() -> None:
    market = Market()
    market.run(10, offered_per_s=1_000, decided_per_s=0)
    assert market.refused == 0
    market.run(1, offered_per_s=1_000, decided_per_s=1_000)
    assert market.refused > 0, "they come, and late"
    market.run(QUIET_S + 0.1, offered_per_s=0, decided_per_s=0)
    market.run(1, offered_per_s=1_000, decided_per_s=0)
    assert market.refused == 0


def test_one_auction_is_not_refused_for_another() -> None:
    market = Market()
    market.run(10, offered_per_s=4_000, decided_per_s=1_000)
    while market.bid():
        pass
    assert market.bid(OTHER)


def test_a_bid_of_unknown_fate_does_not_count_as_under_way() -> None:
    market = Market()
    for number in range(2 * AT_FIRST):
        market.undecided.placed(AUCTION, f"unknown {number}")
        market.undecided.forget(AUCTION, f"unknown {number}")
    market.undecided.placed(AUCTION, "decided")
    market.undecided.decided(AUCTION, "decided")
    assert all(market.bid() for _ in range(AT_LEAST))


def test_bids_waiting_to_be_placed_count_as_under_way() -> None:
    market = Market()
    market.undecided.placed(AUCTION, "decided")
    market.undecided.decided(AUCTION, "decided")
    for _ in range(2 * AT_FIRST):
        market.undecided.reserve(AUCTION)
    assert not market.bid()
    assert market.bid(OTHER)
    for _ in range(2 * AT_FIRST):
        market.undecided.release(AUCTION)
    assert market.bid()
