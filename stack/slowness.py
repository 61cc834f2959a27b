"""How slow this machine is just now, and bounds on waiting that hold on a slow one, too."""

import time
from collections.abc import Callable

from stack.faults import StackFault

WORK_ROUNDS = 4_000_000
WORK_S = 0.16  # that they take on a free core of two on which this project is measured
POLL_S = 0.05


def slowness() -> float:
    """Measure how many times longer work takes now than on a free core; at least 1."""
    begun = time.monotonic()
    for _ in range(WORK_ROUNDS):
        pass
    return max(1.0, (time.monotonic() - begun) / WORK_S)


class Deadline:
    """The end of a bound of `seconds`, as a free machine keeps it.

    A slower machine gets as many times more as it is slower. That is measured only when the
    bound is over, so what comes in time costs nothing.
    """

    def __init__(self, seconds: float, *, measure: Callable[[], float] = slowness) -> None:
        self.seconds, self._measure = seconds, measure
        self._begun, self._factor = time.monotonic(), 1.0

    def passed(self) -> bool:
        """Whether it is over, on this machine."""
        if self._elapsed() <= self.seconds * self._factor:
            return False
        self._factor = max(self._factor, self._measure())
        return self._elapsed() > self.seconds * self._factor

    def wait(self, condition: Callable[[], object], *, poll_s: float = POLL_S) -> bool:
        """Wait until the condition holds; False when it does not before the bound is over."""
        while not condition():
            if self.passed():
                return False
            time.sleep(poll_s)
        return True

    def _elapsed(self) -> float:
        return time.monotonic() - self._begun

    def __str__(self) -> str:
        return f"{self.seconds:g} s on a machine {self._factor:.1f} times slower than a free one"


def wait_until(
    condition: Callable[[], object], what: str, *, seconds: float, poll_s: float = POLL_S
) -> None:
    """Wait until the condition holds; raise StackFault naming `what` when the bound is over."""
    deadline = Deadline(seconds)
    if not deadline.wait(condition, poll_s=poll_s):
        raise StackFault(f"{what}: not within {deadline}")
