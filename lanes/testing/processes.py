"""Processes that run statement by statement, in any order, and are killed between any two of them.

A process is a greenlet. It stops at each `pause`, which is where another may run, or where it dies.
"""

from collections.abc import Callable

from greenlet import GreenletExit, getcurrent, greenlet


class Killed(GreenletExit):
    """Ends a killed process; no Exception, so that no handler catches it."""


class _Work(greenlet):
    """The greenlet of a process."""

    is_killed = False


class Process:
    """Some work, done in steps."""

    def __init__(self, name: str, work: Callable[[], object]) -> None:
        self.name = name
        self._greenlet = _Work(work)

    @property
    def is_alive(self) -> bool:
        """Return whether its work is not done yet."""
        return not self._greenlet.dead

    def step(self) -> None:
        """Run it up to its next pause. Raise what its work raises."""
        if self.is_alive:
            self._greenlet.parent = getcurrent()
            self._greenlet.switch()

    def kill(self) -> None:
        """End it where it stands, as SIGKILL does: nothing it holds is committed."""
        if self.is_alive:
            self._greenlet.is_killed = True
            self._greenlet.parent = getcurrent()
            self._greenlet.throw(Killed)


def pause() -> None:
    """Let other processes run; do nothing outside of any process."""
    current = getcurrent()
    if isinstance(current, _Work):
        if current.is_killed:  # in a `finally`, which a real SIGKILL would not run
            raise Killed
        parent = current.parent
        if parent is not None:
            parent.switch()
