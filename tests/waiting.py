"""Waiting for effects of other processes, on a machine of any speed.

Every bound is in seconds of a free machine: see stack/slowness.py. A bound that a test judges by
is written at the call; for everything else there is WAIT_S, which only a failing test reaches.
"""

import time
from collections.abc import Callable

from stack.slowness import Deadline, slowness

POLL_S = 0.05
WAIT_S = 60.0
CALL_S = 600.0  # for a call that takes a timeout and no condition, on the slowest machine


def stretched(seconds: float) -> float:
    """How long something must last that is as long as `seconds` on a free machine: a short
    auction on which people are to bid, the patience of a server with this slow client."""
    return seconds * slowness()


def wait_until(condition: Callable[[], object], *, what: str, seconds: float = WAIT_S) -> None:
    """Return once `condition` holds; fail naming `what` after `seconds`, or more if it is slow."""
    deadline = Deadline(seconds)
    while not condition():
        assert not deadline.passed(), f"{what}: not within {deadline}"
        time.sleep(POLL_S)
