"""The supervisor of one profile and its processes, by name, over its private socket."""

import http.client
import os
import signal
import socket
import subprocess
import time
import xmlrpc.client
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from stack.commands import plain_environment, reason_in
from stack.faults import StackFault
from stack.leftovers import NAME_VARIABLE, RUN_DIR_VARIABLE
from stack.places import Places, executable
from stack.programs import LOGS_UMASK, Program, render_program, render_supervisor
from stack.slowness import POLL_S, Deadline, wait_until
from stack.watcher import read_facts

SUPERVISOR_TIMEOUT_S = 10.0
CALL_TIMEOUT_S = 90.0
READY_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 90.0
RUNNING = "RUNNING"
GIVEN_UP = "FATAL"
# Supervisor's own codes of refusals.
BAD_NAME, ALREADY_STARTED, NOT_RUNNING, ALREADY_ADDED = 10, 60, 70, 90


@dataclass(frozen=True, slots=True)
class Process:
    """One supervised process as it is now; `restarts` counts since the supervisor started."""

    name: str
    state: str
    pid: int
    uptime_s: int
    restarts: int
    dying: bool


class Control:
    """Runs, ends, kills and describes processes. Methods raise StackFault when it fails."""

    def __init__(self, places: Places) -> None:
        self._places = places

    def is_alive(self) -> bool:
        """Return whether the supervisor answers."""
        try:
            self._call("getState")
        except xmlrpc.client.Fault:  # it is shutting down: there, but refusing everything
            return True
        except OSError:
            return False
        return True

    def start_supervisor(self) -> None:
        """Start the supervisor, with nothing under it but the watcher; return once it answers."""
        places, program = self._places, executable("supervisord")
        if not Path(program).exists():
            raise StackFault(f"{program} is missing: run `make install`")
        places.config_file.write_text(render_supervisor(places), encoding="utf-8")
        result = subprocess.run(
            [program, "-c", str(places.config_file)],
            env={**plain_environment(), RUN_DIR_VARIABLE: str(places.run_dir)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            umask=LOGS_UMASK,
        )
        if result.returncode != 0:
            complaint = reason_in(result.stdout + result.stderr)
            raise StackFault(f"supervisor does not start: {complaint}")
        said = f"supervisor does not answer: see {places.run_dir}/supervisord.log"
        wait_until(self.is_alive, said, seconds=SUPERVISOR_TIMEOUT_S)

    def end_supervisor(self) -> None:
        """End every process that is left, and the supervisor."""
        self._call("shutdown")
        Deadline(STOP_TIMEOUT_S).wait(lambda: not self.is_alive())

    def processes(self) -> list[Process]:
        """All processes, dead ones too; none when the supervisor is down."""
        if not self.is_alive():
            return []
        facts = read_facts(self._places.status_file)["processes"]
        infos = self._call("getAllProcessInfo")
        return [process_of(info, facts.get(info["name"], {})) for info in infos]

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

    def run(self, *programs: Program, wait: bool = True) -> None:
        """Run programs, instead of those that have their names; see `start`."""
        known = {process.name for process in self.processes()}
        self.forget(*(program.name for program in programs if program.name in known))
        for program in programs:
            environment = {**program.environment, NAME_VARIABLE: program.name}
            section = render_program(
                replace(program, environment=environment),
                checkout=self._places.root,
                log_file=self.log_file(program.name),
            )
            file = self._program_file(program.name)
            file.touch(mode=0o600)  # it holds secrets
            file.write_text(section, encoding="utf-8")
        self._call("reloadConfig")
        for program in programs:
            self._call("addProcessGroup", program.name, unless=ALREADY_ADDED)
        self.start(*(program.name for program in programs), wait=wait)

    @contextmanager
    def running(self, programs: Sequence[Program]) -> Iterator[None]:
        """Several programs, started side by side; they end, and are forgotten, when it is left."""
        try:
            self.run(*programs)
            yield
        finally:
            self.forget(*(program.name for program in programs))

    def forget(self, *names: str) -> None:
        """Stop processes and take them from the supervisor; their logs stay."""
        self.stop(*names)
        for name in names:
            self._call("removeProcessGroup", name, unless=BAD_NAME)
            self._program_file(name).unlink(missing_ok=True)

    def start(self, *names: str, wait: bool = True) -> None:
        """Start what is stopped or was given up, side by side; with `wait` until each has lived a
        second. A single one that does not raises StackFault with its last words at once."""
        for name in names:
            try:
                self._call("startProcess", name, wait and len(names) == 1, unless=ALREADY_STARTED)
            except xmlrpc.client.Fault:
                raise self.did_not_start(name) from None
        for name in names if wait else ():
            self.wait_for(partial(self.runs, name), name=name)

    def stop(self, *names: str) -> None:
        """End processes at once, as `make down` does; return when all have ended."""
        for name in names:
            self._call("stopProcess", name, False, unless=NOT_RUNNING)  # noqa: FBT003 - its own
        wait_until(
            lambda: not any(p.pid and p.name in names for p in self.processes()),
            f"{', '.join(names)} end",
            seconds=STOP_TIMEOUT_S,
        )

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
        self._call("stopProcess", name, False)  # noqa: FBT003 - supervisor's own
        for one in (pid, *children):
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        self.stop(name)

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
        why = [line for line in lines if "FATAL" in line] or lines or ["it wrote nothing"]
        return StackFault(f"{name} does not start: {why[-1]} (all of it: {log})")

    def _program_file(self, name: str) -> Path:
        return self._places.programs_dir / f"{name}.conf"

    def _call(self, method: str, *arguments: object, unless: int | None = None) -> Any:  # noqa: ANN401 - as the method has it
        """Raise Fault for a refusal, but not of code `unless`; OSError when nobody answers."""
        transport = _SocketTransport(self._places.socket)
        proxy = xmlrpc.client.ServerProxy("http://supervisor", transport=transport)
        try:
            return getattr(proxy, f"supervisor.{method}")(*arguments)
        except xmlrpc.client.Fault as refusal:
            if refusal.faultCode != unless:
                raise
        except (http.client.HTTPException, xmlrpc.client.ProtocolError) as error:
            raise ConnectionError(f"supervisor does not answer: {error}") from error
        finally:
            transport.close()


def process_of(info: Mapping[str, Any], fact: Mapping[str, Any]) -> Process:
    """Supervisor's description of a process joined with what the watcher counted."""
    return Process(
        name=info["name"],
        state=info["statename"],
        pid=info["pid"],
        uptime_s=max(0, info["now"] - info["start"]) if info["pid"] else 0,
        restarts=fact.get("restarts", 0),
        dying=fact.get("dying", info["statename"] == GIVEN_UP),
    )


class _SocketTransport(xmlrpc.client.Transport):
    """XML-RPC over a Unix socket, one connection for one call."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, _host: object) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("supervisor")
        connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.sock.settimeout(CALL_TIMEOUT_S)
        connection.sock.connect(str(self._path))
        self._connection = "supervisor", connection  # so that it is closed
        return connection
