"""Waiting for what other processes bring about."""

import time
from collections.abc import Callable

POLL_S = 0.05


def wait_until(condition: Callable[[], object], *, what: str, seconds: float = 60) -> None:
    """Return once `condition` holds; fail naming `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(POLL_S)
