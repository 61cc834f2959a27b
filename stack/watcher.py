"""Counts restarts: an event listener of the supervisor, which keeps no such count itself.

After every change and every 5 seconds it writes a file, for `make status` and for `/readyz`:

    {"written_at": 1700000000.0, "dying": ["beat"], "processes": {"beat":
        {"state": "RUNNING", "pid": 7, "started_at": 1700000000.0, "restarts": 3, "dying": true}}}

Times are seconds since 1970; a pid is 0 while nothing runs. A process is *dying* when it ended
unasked DEATHS_MAX times within DEATHS_WINDOW_S seconds, or when the supervisor gave it up (FATAL).
"""

import json
import sys
import time
from collections import defaultdict, deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

DEATHS_MAX = 3
DEATHS_WINDOW_S = 60.0

STATE_EVENT = "PROCESS_STATE_"
UNASKED_ENDS = ("EXITED", "BACKOFF")
NEW = {"state": "STOPPED", "pid": 0, "started_at": 0.0, "restarts": 0, "dying": False}


class Watch:
    """All processes of one supervisor, continued from the `facts` of a watcher that died."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self._processes: dict[str, dict[str, Any]] = dict(facts["processes"])
        self._deaths: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=DEATHS_MAX))

    def take(self, event: str, payload: Mapping[str, str], *, now: float) -> None:
        """Take in one event; those that concern no process change nothing."""
        if event == "PROCESS_GROUP_REMOVED":
            self._processes.pop(payload["groupname"], None)
            self._deaths.pop(payload["groupname"], None)
        elif event.startswith(STATE_EVENT):
            self._change(event.removeprefix(STATE_EVENT), payload, now=now)

    def _change(self, state: str, payload: Mapping[str, str], *, now: float) -> None:
        name = payload["processname"]
        process = self._processes.setdefault(name, dict(NEW))
        if state == "STARTING" and payload["from_state"] in UNASKED_ENDS:
            process["restarts"] += 1
        if state in UNASKED_ENDS:
            self._deaths[name].append(now)
        if state == "RUNNING":
            process["started_at"] = now
        process["state"] = state
        process["pid"] = int(payload.get("pid", 0)) if state in ("RUNNING", "STOPPING") else 0

    def facts(self, *, now: float) -> dict[str, Any]:
        """Return what the file says."""
        for name, process in self._processes.items():
            recent = [death for death in self._deaths[name] if now - death < DEATHS_WINDOW_S]
            process["dying"] = process["state"] == "FATAL" or len(recent) >= DEATHS_MAX
        dying = [name for name, process in self._processes.items() if process["dying"]]
        return {"written_at": now, "dying": dying, "processes": self._processes}


def read_facts(file: Path) -> dict[str, Any]:
    """Return the file's content; no processes when it is not there yet."""
    try:
        facts: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {"written_at": 0.0, "dying": [], "processes": {}}
    return facts


def listen(source: TextIO, answers: TextIO, file: Path) -> None:
    """Speak supervisor's event listener protocol until it closes our input."""
    watch = Watch(read_facts(file))
    while True:
        answers.write("READY\n")
        answers.flush()
        header_line = source.readline()
        if not header_line:
            return
        header = _tokens(header_line)
        payload = _tokens(source.read(int(header["len"])).split("\n")[0])
        now = time.time()
        watch.take(header["eventname"], payload, now=now)
        _write_if_possible(file, watch.facts(now=now))
        answers.write("RESULT 2\nOK")
        answers.flush()


def _tokens(line: str) -> dict[str, str]:
    """`a:1 b:2` as a mapping: the form of supervisor's headers and payloads."""
    return dict(token.split(":", 1) for token in line.split())


def _write_if_possible(file: Path, facts: Mapping[str, Any]) -> None:
    """Replace the file at once, so that no reader sees half of it."""
    draft = file.with_suffix(".new")
    try:
        draft.write_text(json.dumps(facts), encoding="utf-8")
        draft.replace(file)
    except OSError as error:  # a full disk must not stop the counting
        print(f"cannot write {file}: {error}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    listen(sys.stdin, sys.stdout, Path(sys.argv[1]))
