"""Runs a foreign command to its end: output into a log file, failure as one line."""

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from stack.faults import StackFault
from stack.places import CHECKOUT, install_log_dir

# What a process may inherit from the shell that started it; everything else is set explicitly.
INHERITED = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "TZ", "TMPDIR", "JAVA_HOME")

# How uv, pip, Maven, apt, npm and initdb begin the line with the cause.
ERROR_MARK = re.compile(r"(\[?ERROR\]?\b|E: |npm error (?!code)|cause: |\S+: error: )")
UNSAFE = re.compile(r"[^\w.-]+")  # in the name of a file
# Causes that lie outside the tool, whose own last words are about something else then.
CAUSES = (
    (re.compile("No space left on device"), "the disk is full: make room and run this again"),
    (
        re.compile(
            "Temporary failure|Name or service not known|Could not resolve|Unknown host"
            "|no such host|EAI_AGAIN|ENOTFOUND|ENETUNREACH|ECONNREFUSED|ETIMEDOUT"
            "|[Nn]etwork is unreachable|[Cc]onnection (refused|timed out)|TLS handshake timeout"
        ),
        "a server on the network cannot be reached: check the connection and run this again",
    ),
)


def plain_environment() -> dict[str, str]:
    """The few variables of ours that every process may see, in a UTF-8 locale."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return {"LANG": "C.UTF-8", **inherited}


def run_logged(
    command: Sequence[str],
    *,
    what: str,
    log_file: Path | None = None,
    directory: Path | None = None,
    environment: Mapping[str, str] | None = None,
    user: str | None = None,
) -> None:
    """Run `command`, its output into `log_file`, or one of var/log that is called after `what`.

    `environment` is added to our own. With `user` it runs as that user, from /. Raises StackFault
    naming `what`, the line of output that tells why, and the log file.
    """
    log_file = log_file or install_log_dir() / f"{UNSAFE.sub('-', what)}.log"
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
        text = log_file.read_text(encoding="utf-8", errors="replace")
        raise StackFault(f"{what} failed: {reason_in(text)} (all of it: {log_file})")


def output_of(command: Sequence[str]) -> str:
    """What `command` prints, on either stream; empty when it is missing or fails."""
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return result.stdout + result.stderr if result.returncode == 0 else ""


def reason_in(output: str) -> str:
    """What to do about a cause that is known, else the first line marked as an error, or the last.

    To be asked only of a command that failed: one that tried again and succeeded complains too.
    """
    for mark, advice in CAUSES:
        if mark.search(output):
            return advice
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    marked = [line for line in lines if ERROR_MARK.match(line)]
    return (marked or lines[-1:] or ["no output"])[0]


def commit() -> str:
    """The commit of this checkout, `-dirty` when it is changed."""
    described = output_of(("git", "-C", str(CHECKOUT), "describe", "--always", "--dirty"))
    return described.strip() or "unknown"
