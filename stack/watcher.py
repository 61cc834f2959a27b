"""Counts restarts: an event listener of the supervisor, which keeps no such count itself.

It writes what it knows to the file of stack.facts after every change and every 5 seconds.

A process is *dying* when it ended unasked DEATHS_MAX times within DEATHS_WINDOW_S seconds, or
when the supervisor has given it up (FATAL).
"""

import sys
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from stack.facts import read_facts, write_facts

DEATHS_MAX = 3
DEATHS_WINDOW_S = 60.0

STATE_EVENT = "PROCESS_STATE_"
UNASKED_ENDS = ("EXITED", "BACKOFF")


@dataclass(slots=True)
class Watched:
    """What is known of one process."""

    state: str = "STOPPED"
    pid: int = 0
    started_at: float = 0.0
    restarts: int = 0
    deaths: deque[float] = field(default_factory=lambda: deque(maxlen=DEATHS_MAX))

    def change(self, state: str, payload: Mapping[str, str], *, now: float) -> None:
        """Take in one change of state, as the supervisor reports it."""
        if state == "STARTING" and payload["from_state"] in UNASKED_ENDS:
            self.restarts += 1
        if state in UNASKED_ENDS:
            self.deaths.append(now)
        if state == "RUNNING":
            self.started_at = now
        self.state = state
        self.pid = int(payload.get("pid", 0)) if state in ("RUNNING", "STOPPING") else 0

    def is_dying(self, *, now: float) -> bool:
        """Whether it keeps dying, or was given up."""
        recent = [death for death in self.deaths if now - death < DEATHS_WINDOW_S]
        return self.state == "FATAL" or len(recent) >= DEATHS_MAX


class Watch:
    """All processes of one supervisor, continued from the `facts` of a watcher that died."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self._processes = {
            name: Watched(fact["state"], fact["pid"], fact["started_at"], fact["restarts"])
            for name, fact in facts["processes"].items()
        }

    def take(self, event: str, payload: Mapping[str, str], *, now: float) -> None:
        """Take in one event; those that concern no process change nothing."""
        if event == "PROCESS_GROUP_REMOVED":
            self._processes.pop(payload["groupname"], None)
        elif event.startswith(STATE_EVENT):
            watched = self._processes.setdefault(payload["processname"], Watched())
            watched.change(event.removeprefix(STATE_EVENT), payload, now=now)

    def facts(self, *, now: float) -> dict[str, Any]:
        """What the file says."""
        processes = {
            name: {
                "state": watched.state,
                "pid": watched.pid,
                "started_at": watched.started_at,
                "restarts": watched.restarts,
                "dying": watched.is_dying(now=now),
            }
            for name, watched in self._processes.items()
        }
        dying = [name for name, fact in processes.items() if fact["dying"]]
        return {"written_at": now, "dying": dying, "processes": processes}


def parse_tokens(line: str) -> dict[str, str]:
    """`a:1 b:2` as a mapping: the form of supervisor's headers and payloads."""
    return dict(token.split(":", 1) for token in line.split())


def listen(source: TextIO, answers: TextIO, file: Path) -> None:
    """Speak supervisor's event listener protocol until it closes our input."""
    watch = Watch(read_facts(file))
    while True:
        answers.write("READY\n")
        answers.flush()
        header_line = source.readline()
        if not header_line:
            return
        header = parse_tokens(header_line)
        payload = source.read(int(header["len"]))
        now = time.time()
        watch.take(header["eventname"], parse_tokens(payload.split("\n")[0]), now=now)
        _write_if_possible(file, watch.facts(now=now))
        answers.write("RESULT 2\nOK")
        answers.flush()


def _write_if_possible(file: Path, facts: Mapping[str, Any]) -> None:
    try:
        write_facts(file, facts)
    except OSError as error:  # a full disk must not stop the counting
        print(f"cannot write {file}: {error}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    listen(sys.stdin, sys.stdout, Path(sys.argv[1]))
