"""What the supervisor runs, in its language: one Program is one process."""

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stack.faults import StackFault
from stack.places import Places, executable

# A process that lived this long has started; one that dies sooner is tried again after 1, 2, 3 …
# seconds, this often, and then left dead (FATAL) for a person to look at.
START_S = 1
START_RETRIES = 10
LOG_BYTES_MAX = 20 * 1024 * 1024
LOG_BACKUPS = 2
LOGS_UMASK = 0o077  # the logs are their owner's alone


@dataclass(frozen=True, slots=True)
class Program:
    """One process under the supervisor.

    It works in `directory`, or in the checkout. `stop_signal` asks it to end; after `stop_wait_s`
    seconds it and its children are killed. Without `restarts` it stays down when it has died.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    directory: Path | None = None
    user: str | None = None
    stop_signal: str = "TERM"
    stop_wait_s: int = 15
    priority: int = 100
    restarts: bool = True


def render_supervisor(places: Places) -> str:
    """The supervisor's configuration: its socket, its watcher, its programs."""
    watcher = (executable("python"), "-m", "stack.watcher", str(places.status_file))
    sections: dict[str, dict[str, object]] = {
        "supervisord": {
            "logfile": places.run_dir / "supervisord.log",
            "logfile_maxbytes": "5MB",
            "logfile_backups": 1,
            "pidfile": places.run_dir / "supervisord.pid",
            "childlogdir": places.logs_dir,
            "umask": f"{LOGS_UMASK:03o}",  # programs have their own
            "user": "root" if os.geteuid() == 0 else "",  # else it warns that it stayed root
        },
        "unix_http_server": {"file": places.socket, "chmod": "0600"},
        "rpcinterface:supervisor": {
            "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
        },
        "eventlistener:watcher": {
            "command": shlex.join(watcher),
            "directory": places.root,
            "events": "PROCESS_STATE,PROCESS_GROUP,TICK_5",
            "buffer_size": 1000,
            "startretries": START_RETRIES,
            "stdout_logfile": "NONE",  # it speaks with the supervisor there
            "stderr_logfile": places.logs_dir / "watcher.log",
            "stderr_logfile_maxbytes": "1MB",
            "stderr_logfile_backups": 1,
        },
        "include": {"files": places.programs_dir / "*.conf"},
    }
    return "\n".join(_section(name, lines) for name, lines in sections.items())


def render_program(program: Program, *, checkout: Path, log_file: Path) -> str:
    """The [program] section; a `%` is doubled, because supervisor expands `%(…)s` everywhere."""
    lines = {
        "command": shlex.join(program.command),
        "directory": str(program.directory or checkout),
        "environment": ",".join(f"{k}={_quoted(v)}" for k, v in program.environment.items()),
        "user": program.user or "",
        "umask": "022",
        "autostart": "false",
        "autorestart": str(program.restarts).lower(),
        "startsecs": START_S,
        "startretries": START_RETRIES,
        "stopsignal": program.stop_signal,
        "stopwaitsecs": program.stop_wait_s,
        "stopasgroup": "false",
        "killasgroup": "true",
        "priority": program.priority,
        "redirect_stderr": "true",
        "stdout_logfile": str(log_file),
        "stdout_logfile_maxbytes": LOG_BYTES_MAX,
        "stdout_logfile_backups": LOG_BACKUPS,
    }
    return _section(f"program:{program.name}", lines)


def _section(name: str, lines: Mapping[str, object]) -> str:
    """An INI section; keys without a value are left out."""
    body = [f"{key}={str(value).replace('%', '%%')}" for key, value in lines.items() if value != ""]
    return "\n".join([f"[{name}]", *body, ""])


def _quoted(value: str) -> str:
    """A value of `environment=`; supervisor's reader of it knows no escapes, so some cannot be."""
    if any(mark in value for mark in ('"', "\n", " ;", " #")):
        raise StackFault(f"a process cannot be given the value {value!r}: supervisor misreads it")
    return f'"{value}"'
