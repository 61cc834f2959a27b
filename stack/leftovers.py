"""Ends what a killed supervisor left running, so that ports and data are free again.

Every process we start carries the directory of its profile in its environment, and so do its
children: that is how they are told from everybody else's. They are ended by pid.
"""

import os
import signal
import time
from pathlib import Path

RUN_DIR_VARIABLE = "STACK_RUN_DIR"
NAME_VARIABLE = "PROCESS_NAME"  # the application calls itself so in its logs
ASK_TIMEOUT_S = 20.0
KILL_TIMEOUT_S = 5.0
POLL_S = 0.1


def end_leftovers(run_dir: Path) -> int:
    """End all processes of the profile at `run_dir`; returns how many there were.

    They are asked first. PostgreSQL takes SIGINT for that: on SIGTERM it waits for its clients.
    """
    found = leftovers_of(run_dir)
    for pid, name in found.items():
        _send(pid, signal.SIGINT if name.startswith("postgresql") else signal.SIGTERM)
    _wait_gone(set(found), timeout_s=ASK_TIMEOUT_S)
    stubborn = leftovers_of(run_dir)
    for pid in stubborn:
        _send(pid, signal.SIGKILL)
    _wait_gone(set(stubborn), timeout_s=KILL_TIMEOUT_S)
    return len(found)


def leftovers_of(run_dir: Path) -> dict[int, str]:
    """{pid: name} of the running processes that belong to the profile at `run_dir`."""
    mark = f"{RUN_DIR_VARIABLE}={run_dir}"
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        environment = _environment_of(process)
        if mark in environment and int(process.name) != os.getpid():
            found[int(process.name)] = _value(environment, NAME_VARIABLE)
    return found


def _environment_of(process: Path) -> list[str]:
    try:
        content = (process / "environ").read_bytes()
    except OSError:  # another user's, or just ended
        return []
    return content.decode(errors="replace").split("\0")


def _value(environment: list[str], name: str) -> str:
    values = [line.removeprefix(f"{name}=") for line in environment if line.startswith(f"{name}=")]
    return values[0] if values else ""


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _wait_gone(pids: set[int], *, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while any(_is_running(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(POLL_S)


def _is_running(pid: int) -> bool:
    """Whether it still runs; an ended process that nobody has collected does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return state.rpartition(")")[2].split()[0] != "Z"
