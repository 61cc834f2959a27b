"""Processes that die, on the supervisor of the tests' own stack."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack import Program, Stack, StackFault
from stack.leftovers import RUN_DIR_VARIABLE, end_leftovers
from stack.ports import is_listening
from stack.watcher import read_facts
from tests.servers import own_stack
from tests.waiting import wait_until

RESTART_S_MAX = 2.0
RECOVERY_S_MAX = 30.0


@pytest.fixture(scope="module")
def stack() -> Stack:
    stack = own_stack()
    stack.servers_up()
    return stack


@pytest.fixture
def sleeper(stack: Stack) -> Iterator[str]:
    program = Program(name="sleeper", command=("sleep", "600"))
    stack.control.run(program)
    yield program.name
    stack.control.forget(program.name)


def test_restarting_another_process_is_refused(
    stack: Stack,
) -> None:
    old_pid = stack.control.pid("redis")
    with pytest.raises(StackFault, match="redis is none of the application's: gateway, metrics"):
        stack.restart(["redis"])
    assert stack.control.pid("redis") == old_pid


def test_a_killed_process_is_back_within_two_seconds_and_counted(
    stack: Stack, sleeper: str
) -> None:
    old_pid = stack.control.kill(sleeper)
    wait_until(
        lambda: stack.control.pid(sleeper) not in (0, old_pid),
        what="it is back",
        seconds=RESTART_S_MAX,
    )
    stack.control.wait_restarted(sleeper, old_pid=old_pid)
    assert stack.control.process(sleeper).restarts == 1


def test_a_stopped_process_stays_stopped_and_is_no_restart(stack: Stack, sleeper: str) -> None:
    stack.control.stop(sleeper)
    assert stack.control.pid(sleeper) == 0
    stack.control.start(sleeper)
    assert stack.control.process(sleeper).restarts == 0


def test_a_stopped_process_is_not_restarted(stack: Stack, sleeper: str) -> None:
    stack.control.kill_for_good(sleeper)
    assert stack.control.process(sleeper).state == "STOPPED"


def test_the_cause_is_shown_even_if_other_lines_follow(stack: Stack) -> None:
    words = "print('FATAL: no room'); print('shut down'); raise SystemExit(3)"
    program = Program(name="fatal", command=(sys.executable, "-c", words))
    try:
        with pytest.raises(StackFault, match="FATAL: no room"):
            stack.control.run(program)
    finally:
        stack.control.forget(program.name)


def test_a_crash_loop_is_written_to_the_file_that_readyz_reads(stack: Stack) -> None:
    words = "print('no such bid'); raise SystemExit(3)"
    program = Program(name="hopeless", command=(sys.executable, "-c", words))
    try:
        with pytest.raises(StackFault, match="no such bid"):
            stack.control.run(program)
        wait_until(
            lambda: "hopeless" in read_facts(stack.places.status_file)["dying"],
            what="it is told",
            seconds=RECOVERY_S_MAX,
        )
        assert stack.control.process("hopeless").dying
    finally:
        stack.control.forget("hopeless")


@pytest.mark.parametrize("name", ["postgresql", "redis", "kafka", "mongodb"])
def test_a_killed_server_serves_again(stack: Stack, name: str) -> None:
    port = getattr(stack.settings.ports, name)
    old_pid = stack.control.kill(name)
    wait_until(
        lambda: stack.control.pid(name) not in (0, old_pid) and is_listening(port),
        what="it listens",
        seconds=RECOVERY_S_MAX,
    )
    stack.servers_up()  # returns once it serves: PostgreSQL listens while it still recovers


def test_only_processes_of_a_killed_supervisor_are_ended(tmp_path: Path) -> None:
    left = subprocess.Popen(("sleep", "600"), env={RUN_DIR_VARIABLE: str(tmp_path)})
    other = subprocess.Popen(("sleep", "600"), env={RUN_DIR_VARIABLE: f"{tmp_path}-other"})
    try:
        assert end_leftovers(tmp_path) == 1
        assert left.poll() is not None
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()
