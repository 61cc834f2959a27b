"""The supervisor of one profile: started, asked and ended over its private socket."""

import http.client
import shlex
import socket
import subprocess
import time
import xmlrpc.client
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stack.faults import StackFault
from stack.programs import render_section
from stack.slowness import Deadline

START_TIMEOUT_S = 10.0
# Stopping waits inside the call for a process to end, at most its `stop_wait_s`.
CALL_TIMEOUT_S = 90.0
POLL_S = 0.05
LOGS_UMASK = 0o077  # the logs it writes are their owner's alone


@dataclass(frozen=True, slots=True)
class Process:
    """One supervised process as it is now; `restarts` counts since the supervisor started."""

    name: str
    state: str
    pid: int
    uptime_s: int
    restarts: int
    dying: bool


class SupervisorError(Exception):
    """What the supervisor answered instead of doing as asked; `code` is of its Faults."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


ALREADY_ADDED = 90
BAD_NAME = 10
ALREADY_STARTED = 60
NOT_RUNNING = 70


class Supervisor:
    """Remote control; methods raise SupervisorError for a refusal, OSError when it is gone."""

    def __init__(self, socket_path: Path) -> None:
        self._socket_path = socket_path

    def is_alive(self) -> bool:
        """Whether a supervisor answers at the socket."""
        try:
            self._call("supervisor.getState")
        except SupervisorError:  # it is shutting down: there, but refusing everything
            return True
        except OSError:
            return False
        return True

    def infos(self) -> list[dict[str, Any]]:
        """Supervisor's own description of each process: name, statename, pid, start, now …"""
        answer = self._call("supervisor.getAllProcessInfo")
        return [dict(info) for info in answer]

    def info(self, name: str) -> dict[str, Any]:
        """The description of one process."""
        return dict(self._call("supervisor.getProcessInfo", name))

    def add(self, name: str) -> None:
        """Take up a program whose file is new in the programs' directory."""
        self._call("supervisor.reloadConfig")
        self._unless(ALREADY_ADDED, "supervisor.addProcessGroup", name)

    def remove(self, name: str) -> None:
        """Forget a stopped program."""
        self._unless(BAD_NAME, "supervisor.removeProcessGroup", name)

    def start(self, name: str, *, wait: bool = True) -> None:
        """Start a process; with `wait` return once it lived for START_S."""
        self._unless(ALREADY_STARTED, "supervisor.startProcess", name, wait)

    def stop(self, name: str, *, wait: bool = True) -> None:
        """Ask a process to end, and kill it when it does not in its time."""
        self._unless(NOT_RUNNING, "supervisor.stopProcess", name, wait)

    def shut_down(self) -> None:
        """End every process, the last started first, and the supervisor; returns at once."""
        self._call("supervisor.shutdown")

    def _unless(self, code: int, method: str, *arguments: object) -> None:
        try:
            self._call(method, *arguments)
        except SupervisorError as refusal:
            if refusal.code != code:
                raise

    def _call(self, method: str, *arguments: object) -> Any:  # noqa: ANN401 - as the method has it
        transport = _SocketTransport(self._socket_path)
        proxy = xmlrpc.client.ServerProxy("http://supervisor", transport=transport)
        try:
            function: Callable[..., object] = getattr(proxy, method)
            return function(*arguments)
        except xmlrpc.client.Fault as fault:
            raise SupervisorError(fault.faultCode, fault.faultString) from fault
        except (http.client.HTTPException, xmlrpc.client.ProtocolError) as error:
            raise ConnectionError(f"supervisor does not answer: {error}") from error
        finally:
            transport.close()


def render_supervisor(
    *, root: Path, run_dir: Path, socket_path: Path, user: str | None, watcher: tuple[str, ...]
) -> str:
    """The supervisor's configuration: its socket, its watcher (run in `root`), its programs.

    `user` is named when we are root, else supervisor warns that it did not drop privileges.
    """
    sections: dict[str, dict[str, object]] = {
        "supervisord": {
            "logfile": run_dir / "supervisord.log",
            "logfile_maxbytes": "5MB",
            "logfile_backups": 1,
            "pidfile": run_dir / "supervisord.pid",
            "childlogdir": run_dir / "log",
            "umask": f"{LOGS_UMASK:03o}",  # programs have their own
            "user": user or "",
        },
        "unix_http_server": {"file": socket_path, "chmod": "0600"},
        "rpcinterface:supervisor": {
            "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
        },
        "eventlistener:watcher": {
            "command": shlex.join(watcher),
            "directory": root,
            "events": "PROCESS_STATE,PROCESS_GROUP,TICK_5",
            "buffer_size": 1000,
            "startretries": 10,
            "stdout_logfile": "NONE",  # it speaks with the supervisor there
            "stderr_logfile": run_dir / "log" / "watcher.log",
            "stderr_logfile_maxbytes": "1MB",
            "stderr_logfile_backups": 1,
        },
        "include": {"files": run_dir / "programs" / "*.conf"},
    }
    return "\n".join(render_section(name, lines) for name, lines in sections.items())


def start_supervisor(
    supervisor: Supervisor, *, executable: str, config: Path, environment: dict[str, str]
) -> None:
    """Start the daemon and wait until it answers; raises StackFault with its complaint."""
    if not Path(executable).exists():
        raise StackFault(f"{executable} is missing: run `make install`")
    result = subprocess.run(
        [executable, "-c", str(config)],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        umask=LOGS_UMASK,
    )
    if result.returncode != 0:
        complaint = (result.stdout + result.stderr).strip().splitlines() or ["no reason given"]
        raise StackFault(f"supervisor does not start: {complaint[-1]}")
    deadline = Deadline(START_TIMEOUT_S)
    while not supervisor.is_alive():
        if deadline.passed():
            raise StackFault(f"supervisor does not answer: see {config.parent}/supervisord.log")
        time.sleep(POLL_S)


class _SocketTransport(xmlrpc.client.Transport):
    """XML-RPC over a Unix socket, one connection for one call."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, _host: object) -> http.client.HTTPConnection:
        return _SocketConnection(self._path)


class _SocketConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("supervisor", timeout=CALL_TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))
