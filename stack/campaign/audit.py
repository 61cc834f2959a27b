"""The house's own audit, run by its command."""

import subprocess
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from stack.campaign.environment import Environment
from stack.places import executable

TIMEOUT_S = 600
LINES_KEPT = 40


@dataclass(frozen=True, slots=True)
class AuditResult:
    """`code` is the command's: 0 nothing is violated, 1 something is, 2 it could not be checked."""

    code: int
    lines: list[str] = field(default_factory=list)


def audit(environment: Environment, journal: Path, since: datetime) -> AuditResult:
    """Audit everything since then, and the clients' journal."""
    command = (executable("python"), "-m", "bridge", "audit", "--journal", str(journal))
    result = subprocess.run(
        (*command, "--since", since.isoformat(timespec="milliseconds").replace("+00:00", "Z")),
        cwd=environment.stack.places.root,
        env=environment.stack.environment(),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    lines = (result.stdout + result.stderr).strip().splitlines()
    return AuditResult(result.returncode, lines[-LINES_KEPT:])
