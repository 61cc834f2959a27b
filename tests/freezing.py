"""Freezing processes, as an overloaded host or a paused virtual machine does."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from stack.campaign.process_tree import process_tree
from tests.waiting import wait_until

STOPPED_STATES = "TtZX"  # states of a thread in /proc that executes nothing: stopped or ended


def freeze(pid: int) -> None:
    """SIGSTOP a process and its descendants; return once none of their threads runs.

    `kill` returns before that: a signal takes effect when the kernel schedules the thread that it
    chose, and until then the others go on, on a busy machine long enough for a transaction.
    """
    _send(pid, signal.SIGSTOP)
    wait_until(lambda: all(map(_is_stopped, process_tree(pid))), what=f"process {pid} is frozen")


def wake(pid: int) -> None:
    """SIGCONT a process and its descendants."""
    _send(pid, signal.SIGCONT)


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """A process and its descendants do nothing, until left."""
    freeze(pid)
    try:
        yield
    finally:
        wake(pid)


def _send(pid: int, number: signal.Signals) -> None:
    for each in process_tree(pid):
        with suppress(ProcessLookupError):  # it ended meanwhile
            os.kill(each, number)


def _is_stopped(pid: int) -> bool:
    return all(map(_is_thread_stopped, Path(f"/proc/{pid}/task").glob("*/stat")))


def _is_thread_stopped(stat: Path) -> bool:
    with suppress(OSError):  # it ended meanwhile
        # The state follows the command's name, which is in brackets and may hold any character.
        return stat.read_text(errors="replace").rpartition(") ")[2][0] in STOPPED_STATES
    return True
