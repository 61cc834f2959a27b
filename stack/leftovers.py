"""Ends what a killed supervisor left running, so that ports and data are free again.

Every process we start carries the directory of its profile in its environment, and so do its
children: that is how they are told from everybody else's. They are ended by pid.
"""

import os
import signal
from contextlib import suppress
from pathlib import Path

from stack.slowness import Deadline

RUN_DIR_VARIABLE = "STACK_RUN_DIR"
NAME_VARIABLE = "PROCESS_NAME"  # the application calls itself so in its logs
END_TIMEOUT_S, KILL_TIMEOUT_S = 20.0, 5.0


def end_leftovers(run_dir: Path) -> int:
    """End all processes of the profile at `run_dir`; returns how many there were.

    They are asked first. PostgreSQL takes SIGINT for that: on SIGTERM it waits for its clients.
    """
    found = leftovers_of(run_dir)
    for pid, name in found.items():
        _send(pid, signal.SIGINT if name.startswith("postgresql") else signal.SIGTERM)
    Deadline(END_TIMEOUT_S).wait(lambda: not leftovers_of(run_dir))
    for pid in leftovers_of(run_dir):
        _send(pid, signal.SIGKILL)
    Deadline(KILL_TIMEOUT_S).wait(lambda: not leftovers_of(run_dir))
    return len(found)


def leftovers_of(run_dir: Path) -> dict[int, str]:
    """{pid: name} of the running processes that belong to the profile at `run_dir`."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        environment = _environment_of(process)
        is_own = int(process.name) == os.getpid()
        if environment.get(RUN_DIR_VARIABLE) == str(run_dir) and not is_own:
            found[int(process.name)] = environment.get(NAME_VARIABLE, "")
    return found


def _environment_of(process: Path) -> dict[str, str]:
    try:
        content = (process / "environ").read_bytes()
    except OSError:  # another user's, or just ended
        return {}
    pairs = (line.partition("=") for line in content.decode(errors="replace").split("\0"))
    return {name: value for name, _, value in pairs}


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
