"""Without options everything is measured; with steps, only these."""

import pytest

from stack.bench.__main__ import loads
from stack.bench.floors import FLOORS, HELD_RATES
from stack.bench.options import NAMES, RATES, parse


@pytest.mark.parametrize("arguments", [[], ["--seconds", "5"], ["--sketch"], ["--fresh"]])
def test_without_options_the_whole_run_is_measured(arguments: list[str]) -> None:
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
def test_steps_given_by_options_are_short(arguments: list[str]) -> None:
    options = parse(arguments)
    assert (options.scenario, options.seconds) == ((), 20)


def test_each_step_is_a_load() -> None:
    options = parse(["--steps", "100,200", "--auctions", "10", "--seconds", "7"])
    assert [(load.rate, load.auctions, load.seconds) for load in loads(options)] == [
        (100, 10, 7),
        (200, 10, 7),
    ]


def test_rounds_with_and_without_scrapers_alternate() -> None:
    by_turns = loads(parse(["--scrapers", "3", "--rounds", "2"]))
    assert [(load.rate, load.scrapers) for load in by_turns] == [(2_000, 0), (2_000, 3)] * 2


def test_scenarios_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert parse(["--scenario", "drain,quiet"]).scenario == ("drain", "quiet")
    assert parse(["--scenario", "all", "--rate", "4000"]).scenario == NAMES
    with pytest.raises(SystemExit):
        parse(["--scenario", "draining"])
    assert "no scenario draining" in capsys.readouterr().err


def test_a_step_above_each_floor_is_measured() -> None:
    floors = [floor.floor for floor in FLOORS if floor.name in HELD_RATES]
    assert all(any(1 < rate / floor < 1.25 for rate in RATES) for floor in floors)
