"""How the watcher interprets supervisor's events."""

import io
import json
from pathlib import Path
from typing import Any

from stack.watcher import DEATHS_MAX, DEATHS_WINDOW_S, Watch, listen, read_facts

NOTHING: dict[str, Any] = {"processes": {}}


def _run(watch: Watch, *, now: float, tried: str = "STOPPED") -> None:
    """One start that succeeds, out of the state `tried`."""
    _send_event(watch, "STARTING", from_state=tried, now=now)
    _send_event(watch, "RUNNING", from_state="STARTING", now=now, pid="7")


def _die(watch: Watch, *, now: float) -> None:
    _send_event(watch, "EXITED", from_state="RUNNING", now=now, pid="7")


def _send_event(watch: Watch, state: str, *, from_state: str, now: float, **more: str) -> None:
    payload = {"processname": "gateway", "groupname": "gateway", "from_state": from_state, **more}
    watch.take(f"PROCESS_STATE_{state}", payload, now=now)


def _gateway(watch: Watch, *, now: float) -> dict[str, Any]:
    fact: dict[str, Any] = watch.facts(now=now)["processes"]["gateway"]
    return fact


def test_a_running_process_has_its_pid_and_start() -> None:
    watch = Watch(NOTHING)
    _run(watch, now=100)
    assert _gateway(watch, now=101) == {
        "state": "RUNNING",
        "pid": 7,
        "started_at": 100,
        "restarts": 0,
        "dying": False,
    }


def test_a_start_after_a_death_is_a_restart() -> None:
    watch = Watch(NOTHING)
    _run(watch, now=100)
    _die(watch, now=101)
    _run(watch, now=102, tried="EXITED")
    assert _gateway(watch, now=103)["restarts"] == 1


def test_a_start_after_a_stop_is_no_restart() -> None:
    watch = Watch(NOTHING)
    _run(watch, now=100)
    _send_event(watch, "STOPPING", from_state="RUNNING", now=101, pid="7")
    _send_event(watch, "STOPPED", from_state="STOPPING", now=102, pid="7")
    _run(watch, now=103)
    assert _gateway(watch, now=104)["restarts"] == 0


def test_a_crash_loop_is_reported_until_the_process_stays_up() -> None:
    watch = Watch(NOTHING)
    _run(watch, now=0)
    for death in range(DEATHS_MAX):
        assert watch.facts(now=death)["dying"] == []
        _die(watch, now=death)
        _run(watch, now=death, tried="EXITED")
    assert watch.facts(now=DEATHS_MAX)["dying"] == ["gateway"]
    assert watch.facts(now=DEATHS_MAX + DEATHS_WINDOW_S)["dying"] == []


def test_a_process_that_cannot_start_counts_as_dying() -> None:
    watch = Watch(NOTHING)
    for second in range(DEATHS_MAX):
        _send_event(watch, "STARTING", from_state="BACKOFF", now=second)
        _send_event(watch, "BACKOFF", from_state="STARTING", now=second)
    assert watch.facts(now=DEATHS_MAX)["dying"] == ["gateway"]


def test_a_fatal_process_stays_dying() -> None:
    watch = Watch(NOTHING)
    _send_event(watch, "FATAL", from_state="BACKOFF", now=0)
    assert watch.facts(now=10 * DEATHS_WINDOW_S)["dying"] == ["gateway"]


def test_a_removed_process_is_forgotten() -> None:
    watch = Watch(NOTHING)
    _run(watch, now=0)
    watch.take("PROCESS_GROUP_REMOVED", {"groupname": "gateway"}, now=1)
    assert watch.facts(now=1)["processes"] == {}


def test_a_new_watcher_continues_the_restart_counts() -> None:
    first = Watch(NOTHING)
    _run(first, now=0)
    _die(first, now=1)
    _run(first, now=1, tried="EXITED")
    second = Watch(first.facts(now=2))
    assert second.facts(now=2) == first.facts(now=2)


def test_the_listener_answers_each_event_and_ends_with_its_input(tmp_path: Path) -> None:
    payload = "processname:beat groupname:beat from_state:STARTING pid:9"
    header = f"ver:3.0 eventname:PROCESS_STATE_RUNNING len:{len(payload)}\n"
    answers = io.StringIO()
    file = tmp_path / "processes.json"
    listen(io.StringIO(header + payload), answers, file)
    assert answers.getvalue() == "READY\nRESULT 2\nOKREADY\n"
    assert json.loads(file.read_text())["processes"]["beat"]["pid"] == 9


def test_without_an_event_there_is_no_process(tmp_path: Path) -> None:
    assert read_facts(tmp_path / "processes.json")["processes"] == {}
