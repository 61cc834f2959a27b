"""A pipeline whose step does not end is stuck; one that fails, and tries again, is not."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import REGISTRY

from lanes.errors import OutageError
from lanes.pipelines.runner import Pipeline, Runner, StepTimes
from tests.waiting import wait_until

STUCK_AFTER_S = 60.0


class Gate:
    """A pipeline whose steps wait until `is_open`."""

    def __init__(self, name: str, *, is_open: bool) -> None:
        self.name, self.is_open, self.steps = name, threading.Event(), 0
        if is_open:
            self.is_open.set()

    def open(self) -> None: ...

    def step(self) -> None:
        self.steps += 1
        self.is_open.wait()

    def close(self) -> None: ...


class Away(Gate):
    """A pipeline whose server is away."""

    def open(self) -> None:
        self.steps += 1
        raise OutageError("away")


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@contextmanager
def running(step_times: StepTimes, *pipelines: Pipeline) -> Iterator[None]:
    runner = Runner(list(pipelines), step_times=step_times)
    thread = threading.Thread(target=runner.run)
    thread.start()
    try:
        yield
    finally:
        runner.stop()
        for pipeline in pipelines:
            if isinstance(pipeline, Gate):
                pipeline.is_open.set()
        thread.join()


def ended_at(pipeline: str) -> float | None:
    return REGISTRY.get_sample_value("pipeline_step_ended_seconds", {"pipeline": pipeline})


def test_a_step_that_does_not_end_is_seen_until_it_does() -> None:
    clock = Clock()
    step_times = StepTimes(stuck_after_s=STUCK_AFTER_S, clock=clock)
    blocked, free = Gate("blocked", is_open=False), Gate("free", is_open=True)
    with running(step_times, blocked, free):
        wait_until(lambda: blocked.steps and free.steps, what="both have begun a step")
        assert step_times.stuck() == []
        clock.now += STUCK_AFTER_S + 1
        steps, began_at = free.steps, ended_at("blocked")
        wait_until(lambda: free.steps > steps + 1, what="the other one goes on")
        assert step_times.stuck() == ["blocked"]
        assert ended_at("blocked") == began_at
        blocked.is_open.set()
        wait_until(lambda: step_times.stuck() == [], what="its step has ended")
        assert ended_at("blocked") != began_at


def test_a_pipeline_whose_server_is_away_is_not_stuck() -> None:
    clock = Clock()
    step_times = StepTimes(stuck_after_s=STUCK_AFTER_S, clock=clock)
    away = Away("away", is_open=True)
    with running(step_times, away):
        wait_until(lambda: away.steps, what="it has tried to connect")
        clock.now += STUCK_AFTER_S + 1
        tried = away.steps
        wait_until(lambda: away.steps > tried, what="it tries again")
        assert step_times.stuck() == []
