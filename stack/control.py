"""Control of single processes under one profile's supervisor, by name."""

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from stack.facts import read_facts
from stack.faults import StackFault
from stack.leftovers import NAME_VARIABLE
from stack.places import Places
from stack.programs import Program, render_program
from stack.slowness import Deadline
from stack.supervision import Process, Supervisor, SupervisorError

POLL_S = 0.05
READY_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 90.0
RUNNING = "RUNNING"
GIVEN_UP = "FATAL"


class Control:
    """Runs, ends, kills and describes processes. Methods raise StackFault when it fails."""

    def __init__(self, places: Places, supervisor: Supervisor) -> None:
        self._places = places
        self._supervisor = supervisor

    def processes(self) -> list[Process]:
        """All processes, dead ones too; none when the supervisor is down."""
        if not self._supervisor.is_alive():
            return []
        facts = read_facts(self._places.status_file)["processes"]
        return [process_of(info, facts.get(info["name"], {})) for info in self._supervisor.infos()]

    def process(self, name: str) -> Process:
        """One process; StackFault when there is none of that name."""
        for process in self.processes():
            if process.name == name:
                return process
        raise StackFault(f"there is no process {name}: `make status` lists them")

    def pid(self, name: str) -> int:
        """The pid of a process; 0 while it does not run."""
        return self.process(name).pid

    def runs(self, name: str) -> bool:
        """Whether a process of that name is there and has lived for a second."""
        return any(p.name == name and p.state == RUNNING for p in self.processes())

    def log_file(self, name: str) -> Path:
        """Where a process's output goes."""
        return self._places.logs_dir / f"{name}.log"

    def run(self, program: Program, *, wait: bool = True) -> None:
        """Run a program, instead of the one that has its name; with `wait` until it lived a second.

        StackFault with its last words when it did not.
        """
        if any(process.name == program.name for process in self.processes()):
            self.forget(program.name)
        environment = {**program.environment, NAME_VARIABLE: program.name}
        section = render_program(
            replace(program, environment=environment),
            checkout=self._places.root,
            log_file=self.log_file(program.name),
        )
        file = self._program_file(program.name)
        file.touch(mode=0o600)  # it holds secrets
        file.write_text(section, encoding="utf-8")
        self._supervisor.add(program.name)
        self.start(program.name, wait=wait)

    def run_together(self, programs: Sequence[Program]) -> None:
        """Run several programs, started side by side; return once each has lived a second."""
        for program in programs:
            self.run(program, wait=False)
        self._wait_run([program.name for program in programs])

    @contextmanager
    def running(self, programs: Sequence[Program]) -> Iterator[None]:
        """Several programs, started side by side; they end, and are forgotten, when it is left."""
        names = [program.name for program in programs]
        try:
            self.run_together(programs)
            yield
        finally:
            self.forget_together(names)

    def forget(self, name: str) -> None:
        """Stop a process and take it from the supervisor; its log stays."""
        self.stop(name)
        self._supervisor.remove(name)
        self._program_file(name).unlink(missing_ok=True)

    def forget_together(self, names: list[str]) -> None:
        """Stop several processes at once and take them from the supervisor."""
        self.stop_together(names)
        for name in names:
            self.forget(name)

    def start(self, name: str, *, wait: bool = True) -> None:
        """Start a process that is stopped or was given up."""
        try:
            self._supervisor.start(name, wait=wait)
        except SupervisorError:
            raise self.did_not_start(name) from None

    def start_together(self, names: Sequence[str]) -> None:
        """Start several processes side by side; return once each has lived a second."""
        for name in names:
            self.start(name, wait=False)
        self._wait_run(names)

    def stop(self, name: str) -> None:
        """End a process as `make down` does, and leave it stopped."""
        self._supervisor.stop(name)

    def stop_together(self, names: list[str]) -> None:
        """End several processes at once; returns when all have ended."""
        for name in names:
            self._supervisor.stop(name, wait=False)
        deadline = Deadline(STOP_TIMEOUT_S)
        while any(p.pid and p.name in names for p in self.processes()):
            if deadline.passed():
                raise StackFault(f"these do not end: {', '.join(names)}")
            time.sleep(POLL_S)

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Send a signal to a running process, unknown to the supervisor; returns its pid."""
        pid = self.pid(name)
        if pid == 0:
            raise StackFault(f"{name} does not run")
        os.kill(pid, number)
        return pid

    def kill_for_good(self, name: str, children: Sequence[int] = ()) -> None:
        """Kill a running process, and these children of it, and leave it stopped.

        It is frozen first: the supervisor starts one again that ends before it is to be stopped.
        """
        pid = self.kill(name, signal.SIGSTOP)
        self._supervisor.stop(name, wait=False)
        for one in (pid, *children):
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        self.stop_together([name])

    def wait_restarted(self, name: str, *, old_pid: int) -> int:
        """Wait until a process runs that is not `old_pid`; returns its pid."""
        self.wait_for(lambda: self.runs(name) and self.pid(name) != old_pid, name=name)
        return self.pid(name)

    def wait_for(self, condition: Callable[[], bool], *, name: str) -> None:
        """Wait for a condition that process `name` must bring about; its fault when it cannot."""
        deadline = Deadline(READY_TIMEOUT_S)
        while not condition():
            if self.process(name).state == GIVEN_UP or deadline.passed():
                raise self.did_not_start(name)
            time.sleep(POLL_S)

    def did_not_start(self, name: str) -> StackFault:
        """The fault to raise: the line of the process's log that tells why, and where the log is.

        PostgreSQL says why by FATAL, and then that it has shut down.
        """
        log = self.log_file(name)
        text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
        lines = text.strip().splitlines()
        telling = [line for line in lines if "FATAL" in line] or lines or ["it wrote nothing"]
        return StackFault(f"{name} does not start: {telling[-1]} (all of it: {log})")

    def _wait_run(self, names: Sequence[str]) -> None:
        for name in names:
            self.wait_for(partial(self.runs, name), name=name)

    def _program_file(self, name: str) -> Path:
        return self._places.programs_dir / f"{name}.conf"


def process_of(info: Mapping[str, Any], fact: Mapping[str, Any]) -> Process:
    """Supervisor's description of a process joined with what the watcher counted."""
    runs = info["pid"] != 0
    return Process(
        name=info["name"],
        state=info["statename"],
        pid=info["pid"],
        uptime_s=max(0, info["now"] - info["start"]) if runs else 0,
        restarts=fact.get("restarts", 0),
        dying=fact.get("dying", info["statename"] == GIVEN_UP),
    )
