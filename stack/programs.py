"""What the supervisor runs: one Program is one process, and its text in supervisor's language."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stack.faults import StackFault

# A process that lived this long has started; one that dies sooner is tried again after 1, 2, 3 …
# seconds, this often, and then left dead (FATAL) for a person to look at.
START_S = 1
START_RETRIES = 10
LOG_BYTES_MAX = 20 * 1024 * 1024
LOG_BACKUPS = 2


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
    return render_section(f"program:{program.name}", lines)


def render_section(name: str, lines: Mapping[str, object]) -> str:
    """An INI section; keys without a value are left out."""
    body = [f"{key}={str(value).replace('%', '%%')}" for key, value in lines.items() if value != ""]
    return "\n".join([f"[{name}]", *body, ""])


def _quoted(value: str) -> str:
    """A value of `environment=`; supervisor's reader of it knows no escapes, so some cannot be."""
    if any(mark in value for mark in ('"', "\n", " ;", " #")):
        raise StackFault(f"a process cannot be given the value {value!r}: supervisor misreads it")
    return f'"{value}"'
