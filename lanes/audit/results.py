"""Results of an audit: per invariant the cases checked, the violations, and what was not checked.

An invariant without a single case is reported as not checked, with the reason.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

INVARIANTS: Final[Mapping[str, str]] = {
    "I2": "every record taken is in exactly one place",
    "I4": "nothing waits longer than 30 s, parked lanes aside",
    "I11": "every state is published in order",
    "I12": "the committed offset never passes progress",
    "I15": "every decision follows from log time alone",
}
"""What the platform checks, by number, each in a few words."""

EXAMPLES_MAX: Final = 5  # the first few say what is wrong; thousands more say no more


@dataclass(slots=True)
class CheckResult:
    """The result for one invariant; `gaps` list what was not checked, and why."""

    checked: int = 0
    violations: int = 0
    examples: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def violation(self, line: str) -> None:
        """Count a violation; `line` names the record or row and what is wrong with it."""
        self.violations += 1
        if len(self.examples) < EXAMPLES_MAX:
            self.examples.append(line)

    def check(self, holds: bool, line: str) -> None:  # noqa: FBT001 - the finding itself
        """Count one case, and a violation unless it holds."""
        self.checked += 1
        if not holds:
            self.violation(line)

    @property
    def unchecked(self) -> str | None:
        """The reason why no case was checked; None when at least one was."""
        if self.checked or self.violations:
            return None
        return "; ".join(self.gaps) or "there is no case of it"


class AuditResults:
    """A result for each invariant; `notes` describe what was selected."""

    def __init__(self, invariants: Iterable[str] = INVARIANTS) -> None:
        self._results = {invariant: CheckResult() for invariant in invariants}
        self.notes: list[str] = []

    def __getitem__(self, invariant: str) -> CheckResult:
        return self._results[invariant]

    def __iter__(self) -> Iterator[tuple[str, CheckResult]]:
        return iter(self._results.items())

    @property
    def violated(self) -> list[str]:
        """The invariants with violations."""
        return [invariant for invariant, result in self if result.violations]
