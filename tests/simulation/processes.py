"""Processes that a test runs step by step, in any order, and kills between any two of them.

A process is a greenlet. It stops at each `pause`, which is where another may run, or where it dies.
"""

from collections.abc import Callable

from greenlet import GreenletExit, getcurrent, greenlet


class Killed(GreenletExit):
    """Ends a killed process; no Exception, so that no handler catches it."""


class Process:
    """Some work, done in steps."""

    def __init__(self, name: str, work: Callable[[], object]) -> None:
        self.name = name
        self._greenlet = greenlet(work)

    @property
    def is_alive(self) -> bool:
        """Whether it has anything to do still."""
        return not self._greenlet.dead

    def step(self) -> None:
        """Run it up to its next pause. Raises what its work raises."""
        if self.is_alive:
            self._greenlet.switch()

    def kill(self) -> None:
        """End it where it stands, as SIGKILL does: nothing it holds is committed."""
        if self.is_alive:
            self._greenlet.throw(Killed)


def pause() -> None:
    """Let other processes run; outside of any process there are none."""
    parent = getcurrent().parent
    if parent is not None:
        parent.switch()
