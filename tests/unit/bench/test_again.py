"""What missed its floor is measured again, once, and the report names both figures."""

import pytest

from stack.bench.again import better, missed, notes, scenarios_again, steps_again
from stack.bench.options import NAMES, RATES

AT_FLOOR = {"held.10": 3_500.0, "drain.1": 10_000.0, "quiet.result_p99_ms": 60.0}


def test_nothing_else_is_measured_again() -> None:
    assert missed(AT_FLOOR) == []


def test_what_missed_its_floor_is_measured_again() -> None:
    floors = missed({"held.1": 3_000.0, "held.100": 996.0, "cpu.10": 0.61, "drain.1": 9_748.0})
    assert steps_again(floors, RATES) == [(1, 4_100.0), (10, 3_000.0), (100, 2_600.0)]
    assert scenarios_again(floors, NAMES) == ["drain"]
    assert scenarios_again(floors, ["overload"]) == []


def test_no_step_proves_a_floor_above_all_rates() -> None:
    assert steps_again(missed({"held.1": 900.0}), [1_000.0]) == []


@pytest.mark.parametrize(("second", "reported"), [(10_000.0, 10_000.0), (9_999.0, 9_748.0)])
def test_figures_of_the_second_time_count_when_fewer_miss(second: float, reported: float) -> None:
    assert better({"drain.1": 9_748.0}, {"drain.1": second}) == {"drain.1": reported}


def test_both_figures_are_reported() -> None:
    floors = missed({"drain.1": 9_748.0, "cpu.1": 0.5})
    (note,) = notes(floors, {"drain.1": 9_748.0, "cpu.1": 0.5}, {"drain.1": 12_001.0})
    assert note.endswith("50,000 waiting bids decided/s: one auction: 9,748, then 12,001")
