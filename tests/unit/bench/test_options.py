"""Without options everything is measured; who describes steps gets these alone."""

import pytest

from stack.bench.__main__ import loads
from stack.bench.floors import FLOORS, HELD_RATES
from stack.bench.options import NAMES, RATES, parse


@pytest.mark.parametrize("arguments", [[], ["--seconds", "5"], ["--sketch"], ["--fresh"]])
def test_the_whole_run_is_what_nothing_else_is_said_of(arguments: list[str]) -> None:
    assert parse(arguments).scenario == NAMES


@pytest.mark.parametrize(
    "arguments",
    [
        ["--rate", "2000"],
        ["--auctions", "10"],
        ["--bytes"],
        ["--no-subscribe"],
        ["--scrapers", "2"],
    ],
)
def test_steps_of_ones_own_are_quick(arguments: list[str]) -> None:
    options = parse(arguments)
    assert (options.scenario, options.seconds) == ((), 20)


def test_steps_are_loads() -> None:
    options = parse(["--steps", "100,200", "--auctions", "10", "--seconds", "7"])
    assert [(load.rate, load.auctions, load.seconds) for load in loads(options)] == [
        (100, 10, 7),
        (200, 10, 7),
    ]


def test_rounds_with_scrapers_and_without_take_turns() -> None:
    by_turns = loads(parse(["--scrapers", "3", "--rounds", "2"]))
    assert [(load.rate, load.scrapers) for load in by_turns] == [(2_000, 0), (2_000, 3)] * 2


def test_scenarios_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert parse(["--scenario", "drain,quiet"]).scenario == ("drain", "quiet")
    assert parse(["--scenario", "all", "--rate", "4000"]).scenario == NAMES
    with pytest.raises(SystemExit):
        parse(["--scenario", "draining"])
    assert "no scenario draining" in capsys.readouterr().err


def test_one_step_lies_above_each_floor() -> None:
    floors = [floor.floor for floor in FLOORS if floor.name in HELD_RATES]
    assert all(any(1 < rate / floor < 1.25 for rate in RATES) for floor in floors)
