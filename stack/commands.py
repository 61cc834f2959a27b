"""Runs a foreign command to its end: output into a log file, failure as one line."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from stack.faults import StackFault

# What a process may inherit from the shell that started it; everything else is set explicitly.
INHERITED = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "TZ", "TMPDIR", "JAVA_HOME")


def plain_environment() -> dict[str, str]:
    """The few variables of ours that every process may see, in a UTF-8 locale."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return {"LANG": "C.UTF-8", **inherited}


def run_logged(
    command: Sequence[str],
    *,
    log_file: Path,
    what: str,
    directory: Path | None = None,
    environment: Mapping[str, str] | None = None,
    user: str | None = None,
) -> None:
    """Run `command`, its output into `log_file`; `environment` is added to our own.

    With `user` it runs as that user, from /. Raises StackFault naming `what`, the last line of
    output and the log file.
    """
    log_file.parent.mkdir(parents=True, exist_ok=True)
    with log_file.open("w", encoding="utf-8") as log:
        try:
            result = subprocess.run(
                command,
                cwd="/" if user else directory,
                env={**os.environ, **(environment or {})},
                user=user,
                group=user,
                extra_groups=[] if user else None,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                check=False,
            )
        except FileNotFoundError:
            raise StackFault(f"{what} needs {command[0]}, which is missing") from None
    if result.returncode != 0:
        raise StackFault(f"{what} failed: {_last_line(log_file)} (all of it: {log_file})")


def output_of(command: Sequence[str]) -> str:
    """What `command` prints, on either stream; empty when it is missing or fails."""
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return result.stdout + result.stderr if result.returncode == 0 else ""


def _last_line(log_file: Path) -> str:
    lines = log_file.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1].strip() if lines else "no output"
