"""Computes password hashes: one at a time, a bounded number waiting, at the lowest priority.

A hash takes 19 MiB and some 20 ms of a core, so a second one at once would take a second core from
bids.
"""

import os
from collections.abc import Callable
from functools import cached_property
from typing import TypeVar

from gevent.threadpool import ThreadPool

from app.domain.errors import BusyError

R = TypeVar("R")

# A third of a share of a core that others want; Linux has one per thread. With a lower priority
# nobody gets in on a busy machine, and for longer: whenever this thread takes the GIL it must first
# be given a core, while the loop waits for both.
NICENESS = 5
RETRY_AFTER_S = 2.0  # the time in which a full queue is worked off


class HashQueue:
    """The port `Offload` on a native thread of low priority; other greenlets go on meanwhile."""

    def __init__(self, *, waiting_max: int) -> None:
        self._waiting_max, self._count = waiting_max, 0

    def __call__(self, function: Callable[..., R], arguments: tuple[str, ...], /) -> R:
        """The function's result, or its exception. Raises BusyError when too many wait."""
        if self._count > self._waiting_max:
            raise BusyError("too many passwords to check", retry_after_s=RETRY_AFTER_S)
        self._count += 1
        try:
            result: R = self._thread.apply(_run, (function, arguments))
            return result
        finally:
            self._count -= 1

    @cached_property
    def _thread(self) -> ThreadPool:
        """Made on first use, so after the fork."""
        return ThreadPool(1)


def _run(function: Callable[..., R], arguments: tuple[str, ...]) -> R:
    os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
    return function(*arguments)
