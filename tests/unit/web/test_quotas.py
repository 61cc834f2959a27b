"""Limits per address: open requests and rates."""

from contextlib import ExitStack

import pytest

from app.web.server.errors import OverloadedError, TooManyUnfinishedError
from app.web.server.quotas import GROUPS_MAX, Occupancy, RateLimit


def test_an_address_holds_only_so_much_and_others_still_may() -> None:
    held = Occupancy(per_group_max=2, total_max=4)
    with held.hold("a"), held.hold("a"):
        assert held.is_full("a")
        with pytest.raises(TooManyUnfinishedError), held.hold("a"):
            pass
        with held.hold("b"), held.hold(None):
            assert held.is_full(None)
            with pytest.raises(OverloadedError), held.hold("b"):
                pass
    with held.hold("a"):
        assert not held.is_full("a")


def test_calls_without_an_address_share_one_limit() -> None:
    held = Occupancy(per_group_max=1, total_max=3)
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(held.hold(None))
        with pytest.raises(OverloadedError), held.hold(None):
            pass


def test_a_burst_passes_and_then_each_waits_its_turn() -> None:
    pace = RateLimit(per_s=10, burst=5)
    delays = [pace.delay_s("a", now=100.0) for _ in range(8)]
    assert delays == pytest.approx([0, 0, 0, 0, 0, 0.1, 0.2, 0.3])
    assert pace.delay_s("b", now=100.0) == 0
    assert pace.delay_s("a", now=101.0) == 0
    assert [pace.delay_s("a", now=200.0) for _ in range(5)] == [0] * 5


def test_idle_addresses_are_forgotten() -> None:
    pace = RateLimit(per_s=10, burst=5)
    for number in range(3 * GROUPS_MAX):
        pace.delay_s(str(number), now=float(number))
    assert len(pace._free_at) <= GROUPS_MAX
