"""The shim that shifts a process's wall clock, and nothing else."""

import os
import subprocess
import sys
import time

import pytest

from stack.campaign.clock import clock_variables
from tests.waiting import CALL_S

HOUR_S, SLACK_S = 3_600, 60
# Every clock Python has, and the timed waits that libfaketime hangs.
PRINT_CLOCKS = """
import datetime, queue, threading, time
waited = time.monotonic()
threading.Event().wait(0.05)
threading.Lock().acquire() and threading.Semaphore(0).acquire(timeout=0.05)
try:
    queue.Queue().get(timeout=0.05)
except queue.Empty:
    pass
print(time.time(), datetime.datetime.now(datetime.UTC).timestamp(), time.monotonic())
"""


def clocks(environment: dict[str, str]) -> list[float]:
    seen = subprocess.run(
        (sys.executable, "-c", PRINT_CLOCKS),
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=CALL_S,
    )
    return [float(word) for word in seen.stdout.split()]


@pytest.mark.parametrize("by_s", [HOUR_S, -HOUR_S])
def test_only_the_wall_clock_is_shifted_and_timed_waits_end(by_s: int) -> None:
    wall, date, monotonic = clocks(clock_variables(by_s))
    assert abs(wall - time.time() - by_s) < SLACK_S
    assert abs(date - time.time() - by_s) < SLACK_S
    assert abs(monotonic - time.monotonic()) < SLACK_S
