"""The house's own audit, run as anybody would run it."""

import subprocess
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from stack.campaign.ground import Ground
from stack.places import executable

TIMEOUT_S = 600
LINES_KEPT = 40


@dataclass(frozen=True, slots=True)
class Audited:
    """`code` is the command's: 0 nothing is violated, 1 something is, 2 it could not be told."""

    code: int
    lines: list[str] = field(default_factory=list)


def audit(ground: Ground, journal: Path, since: datetime) -> Audited:
    """Audit what happened since, and what clients were told of it."""
    command = (executable("python"), "-m", "bridge", "audit", "--journal", str(journal))
    result = subprocess.run(
        (*command, "--since", since.isoformat(timespec="milliseconds").replace("+00:00", "Z")),
        cwd=ground.stack.places.root,
        env=ground.stack.environment(),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    lines = (result.stdout + result.stderr).strip().splitlines()
    return Audited(result.returncode, lines[-LINES_KEPT:])
