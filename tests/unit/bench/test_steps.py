"""A climb of rates goes on after a step that failed, and ends after two in a row."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import cast

import pytest

from stack.bench.application import Application
from stack.bench.measurement import Measurement
from stack.bench.sketch import Sketch, SketchStep
from stack.bench.steps import Steps
from stack.bench.storm import Load

RATES = (1_000.0, 2_000.0, 3_000.0, 4_000.0, 5_000.0)
LOADS = [
    Load(rate=rate, seconds=1, sockets=1, auctions=1, mode="ws", subscribe=True) for rate in RATES
]


@dataclass
class Played:
    """An application and a sketch that do not carry some rates."""

    failing: Collection[float]
    settling: bool = True
    is_running: bool = False

    def start(self) -> None:
        self.is_running = True

    def stop(self) -> None:
        self.is_running = False

    def wait_until_idle(self) -> bool:
        return self.settling

    def measure(self, load: Load) -> Measurement:
        return Measurement(
            load=load,
            storm={
                "result_ms": {"p99": 1.0, "max": 1.0},
                "failures": {"total": int(load.rate in self.failing)},
            },
            window_s=1.0,
            costs={},
            cpu_s_per_1000_bids=None,
            oldest_waiting_s=0.0,
            backlog_s=0.0,
            connections={},
        )

    def step(self, *, rate: float, auctions: int, seconds: float) -> SketchStep:
        assert self.is_running
        failures = int(rate in self.failing)
        return SketchStep(rate, auctions, rate, (1.0, 1.0, 1.0, 1.0), failures, 0.1)


@pytest.mark.parametrize(
    ("failing", "offered", "held"),
    [
        ((), RATES, 5_000.0),
        ((2_000.0,), RATES, 5_000.0),
        ((2_000.0, 4_000.0), RATES, 5_000.0),
        ((3_000.0, 4_000.0), RATES[:4], 2_000.0),
    ],
)
def test_a_climb_ends_after_two_failed_steps_in_a_row(
    failing: Collection[float], offered: Collection[float], held: float
) -> None:
    steps, played = Steps(), Played(failing)
    steps.climb(cast("Application", played), LOADS, cast("Sketch", played))
    assert [step.load.rate for step in steps.measured] == list(offered)
    assert [step.rate for step in steps.sketched] == list(offered)
    assert steps.held()[0] == held


def test_a_sketch_with_a_backlog_is_stopped_and_the_house_climbs_on() -> None:
    steps, played = Steps(), Played((), settling=False)
    steps.climb(cast("Application", played), LOADS, cast("Sketch", played))
    assert [step.load.rate for step in steps.measured] == list(RATES)
    assert [step.rate for step in steps.sketched] == [RATES[0]]
    assert not played.is_running
