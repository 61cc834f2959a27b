"""The house's own audit, run by its command."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from app.domain.time import rfc3339
from stack.campaign.environment import Environment

LINES_KEPT = 40


@dataclass(frozen=True, slots=True)
class AuditResult:
    """`code` is the command's: 0 nothing is violated, 1 something is, 2 it could not be checked."""

    code: int
    lines: list[str] = field(default_factory=list)


def audit(environment: Environment, journal: Path, since: datetime) -> AuditResult:
    """Audit everything since then, and the clients' journal."""
    scope = ("--journal", str(journal), "--since", rfc3339(since))
    result = environment.stack.run("python", "-m", "bridge", "audit", *scope, captured=True)
    lines = (result.stdout + result.stderr).strip().splitlines()
    return AuditResult(result.returncode, lines[-LINES_KEPT:])
