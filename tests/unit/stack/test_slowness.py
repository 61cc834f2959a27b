"""Bounds on waiting, on machines of different speed."""

import time

from stack.slowness import Deadline, slowness

BOUND_S = 0.01


def test_a_free_machine_keeps_the_bound() -> None:
    deadline = Deadline(BOUND_S, measure=lambda: 1.0)
    time.sleep(2 * BOUND_S)
    assert deadline.passed()


def test_deadlines_stretch_by_the_worst_slowness() -> None:
    deadline = Deadline(BOUND_S, measure=iter([1e9, 1.0]).__next__)
    time.sleep(2 * BOUND_S)
    assert not deadline.passed()
    assert not deadline.passed()
    assert "1000000000.0 times slower" in str(deadline)


def test_a_wait_in_time_needs_no_measurement() -> None:
    def measure() -> float:
        raise AssertionError("it takes a while to measure")

    assert not Deadline(3_600, measure=measure).passed()


def test_slowness_is_never_below_one() -> None:
    assert slowness() >= 1.0
