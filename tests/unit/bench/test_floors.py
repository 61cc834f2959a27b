"""Every line of the table has its floor; a figure reaches it or is marked as below it."""

from dataclasses import replace

import pytest

from stack.bench.floors import FLOORS, HELD_RATES, figures_of, number, render_floors
from stack.bench.report import merged
from tests.unit.bench.test_table import step

LINES = {floor.name: floor for floor in FLOORS}


@pytest.mark.parametrize(
    ("name", "value", "verdict"),
    [
        ("held.1", 6_000, "aim"),
        ("held.1", 5_999, "floor"),
        ("held.1", 3_999, "**missed**"),
        ("quiet.received_p99_ms", 9, "aim"),
        ("quiet.received_p99_ms", 20, "floor"),
        ("quiet.received_p99_ms", 21, "**missed**"),
        ("overload.acknowledged_open", 0, "aim"),
        ("overload.acknowledged_open", 1, "**missed**"),
        ("drain.1", None, "not measured"),
    ],
)
def test_a_figure_has_its_verdict(name: str, value: float | None, verdict: str) -> None:
    assert LINES[name].verdict(value) == verdict


def test_every_line_is_in_the_table_measured_or_not() -> None:
    lines = render_floors({"idle.socket_kib": 34.56})
    assert len(lines) == 2 + len(FLOORS)
    assert "| idle signed-in socket, KiB | 34.6 | 35 | 20 | floor |" in lines
    assert sum("not measured" in line for line in lines) == len(FLOORS) - 1


def test_the_floor_is_the_highest_rate_that_holds() -> None:
    fast = replace(step(), load=replace(step().load, rate=3_000, auctions=10))
    broken = replace(fast, storm={**fast.storm, "failures": {"total": 1}})
    assert figures_of([step(), fast]) == {"held.1": 1_998, "held.10": 1_998, "cpu.10": 0.231}
    assert figures_of([broken]) == {"held.10": 0}


def test_reports_are_merged_and_the_higher_rate_stays() -> None:
    assert set(HELD_RATES) < set(LINES)
    earlier = {"held.1": 3_000.0, "held.10": 1.0, "drain.1": 5.0, "cpu.1": 1.0}
    own = {"held.1": 2_000.0, "held.10": 2.0, "cpu.1": 2.0}
    assert merged(earlier, own) == {"held.1": 3_000, "held.10": 2, "drain.1": 5, "cpu.1": 2}


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (0.949, "0.95"), (12.34, "12.3"), (24_999.6, "25,000")]
)
def test_a_figure_is_formatted(value: float, text: str) -> None:
    assert number(value) == text
