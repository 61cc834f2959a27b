"""Runs the load generator of k6/storm."""

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any

from stack.faults import StackFault

# In the data directory, because they are good only for the database beside it.
USERS_FILE = "storm-users.json"


@dataclass(frozen=True, slots=True)
class Load:
    """What is offered: `rate` in bids per second over all sockets.

    With `stages` (as k6/storm takes them: 5s:100,10s:500) users come and go instead, each bids once
    a second, and the first three say nothing. `scrapers` read the metrics meanwhile, `viewers` are
    guests who watch. `ending`: the auctions end meanwhile, one after another.
    """

    rate: float
    seconds: float
    sockets: int
    auctions: int
    mode: str
    subscribe: bool
    stages: str = ""
    scrapers: int = 0
    viewers: int = 0
    ending: bool = False
    rest_s: float = 2.0  # between the opening of the sockets and the first bid
    tick_ms: float = 2.0  # how often the generator sends what is due and reads what has come


def prepare_run(
    executable: Path, *, url: str, users: int, auctions: int, users_file: Path, target: Path
) -> None:
    """Sign `users` in and open `auctions` at `url`; the scripts of k6/ read `target`.

    Raises StackFault with the generator's words when it cannot.
    """
    options = {
        "base-url": url,
        "tokens": users_file,
        "prepare": target,
        "sockets": users,
        "auctions": auctions,
        "rate": 1,
    }
    command = [str(executable), *(f"--{name}={value}" for name, value in options.items())]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise StackFault(_words(result.stderr.strip().rpartition("\n")[2]))


def run_storm(
    executable: Path,
    load: Load,
    *,
    addresses: Mapping[str, str],
    users_file: Path,
    on_phase: Callable[[str], None],
) -> dict[str, Any]:
    """Run one storm and return its report.

    `on_phase` is called with the name of each phase as it begins: `storm` at the first bid, `done`
    at the last outcome. Raises StackFault with the generator's words when it could not run.
    """
    command = _command(executable, load, addresses=addresses, users_file=users_file)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        complaint = _follow(process, on_phase)
        # The report comes after everything on standard error, and is far below a pipe's size.
        report = process.stdout.read() if process.stdout else ""
    if process.returncode != 0:
        raise StackFault(complaint or f"the load generator ended with {process.returncode}")
    result: dict[str, Any] = json.loads(report)
    return result


@contextmanager
def storm_meanwhile(
    executable: Path, load: Load, *, addresses: Mapping[str, str], users_file: Path
) -> Iterator[None]:
    """Another storm, from its first bid until left; nobody wants its report.

    Raises StackFault with the generator's words when it could not run, or ended before.
    """
    command = _command(executable, load, addresses=addresses, users_file=users_file)
    begun = Event()
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        complaints: list[str] = []

        def on_phase(phase: str) -> None:
            if phase == "storm":
                begun.set()

        def follow() -> None:
            try:
                complaints.append(_follow(process, on_phase))
            finally:
                begun.set()

        thread = Thread(target=follow, name="storm", daemon=True)
        thread.start()
        try:
            begun.wait()
            if not complaints:
                yield
            if complaints:  # it has ended
                raise StackFault(f"another storm ended too early: {''.join(complaints)}")
        finally:
            process.terminate()
            thread.join()


def _command(
    executable: Path, load: Load, *, addresses: Mapping[str, str], users_file: Path
) -> list[str]:
    amount: dict[str, object] = (
        {"stages": load.stages}
        if load.stages
        else {"rate": load.rate, "seconds": load.seconds, "sockets": load.sockets}
    )
    options = {
        "base-url": addresses["BASE_URL"],
        "ws-url": addresses["WS_URL"],
        "tokens": str(users_file),
        **amount,
        "auctions": load.auctions,
        "mode": load.mode,
        "subscribe": str(load.subscribe).lower(),
        "viewers": load.viewers,
        "ending": str(load.ending).lower(),
        "settle": f"{load.rest_s}s",
        "tick": f"{load.tick_ms}ms",
    }
    return [str(executable), *(f"--{name}={value}" for name, value in options.items())]


def _warn_of_sign_ups(facts: Mapping[str, str]) -> None:
    """Say why nothing seems to happen, where a phase signs users up who are not known yet."""
    if "known" in facts and (new := int(facts["users"]) - int(facts["known"])) > 0:
        print(
            f"  {new:,} users sign up: some minutes, once, for passwords cost as in production",
            flush=True,
        )


def _words(complaint: str) -> str:
    """The generator's complaint without its name: the caller has one of its own."""
    return complaint.removeprefix("storm: ")


def _follow(process: "subprocess.Popen[str]", on_phase: Callable[[str], None]) -> str:
    """Call `on_phase` for the phases; return the last line that was none."""
    complaint = ""
    for line in process.stderr or ():
        if line.startswith("phase="):
            phase, *facts = line.removeprefix("phase=").split()
            _warn_of_sign_ups(dict(fact.split("=") for fact in facts))
            on_phase(phase)
        else:
            complaint = _words(line.strip())
    return complaint
