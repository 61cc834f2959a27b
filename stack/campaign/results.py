"""What one round found, and whether everything held."""

import json
from dataclasses import dataclass, field
from typing import Self

from stack.campaign.audit import AuditResult
from stack.campaign.verdict import Counts

RECOVERY_MAX_S = 30.0


def longest(*recoveries_s: float | None) -> float | None:
    """The longest of these, 0 of none; None, which is never, is longer than any."""
    known = [seconds for seconds in recoveries_s if seconds is not None]
    return max(known, default=0.0) if len(known) == len(recoveries_s) else None


@dataclass(slots=True)
class Incidents:
    """By fault: how often it was injected, and the worst seconds to recover; None: it did not."""

    times: dict[str, int] = field(default_factory=dict)
    worst_s: dict[str, float | None] = field(default_factory=dict)

    def note(self, name: str, recovered_s: float | None) -> None:
        """One more."""
        self.times[name] = self.times.get(name, 0) + 1
        self.worst_s[name] = longest(self.worst_s.get(name, 0.0), recovered_s)


@dataclass(frozen=True, slots=True)
class Result:
    """One fault alone, or one mixed run. `problems` is everything else that went wrong."""

    name: str
    seed: int
    commit: str
    minutes: float
    bids_per_s: float
    incidents: Incidents
    counts: Counts
    audit_result: AuditResult
    problems: list[str]
    busy_kills: dict[str, int]
    duplicates: int
    peak_mib: dict[str, int]

    @property
    def worst_s(self) -> float | None:
        """The longest recovery of any fault; None when one was not over in time."""
        return longest(*self.incidents.worst_s.values())

    @property
    def is_correct(self) -> bool:
        """Whether everything was as it must be, however long it took to recover."""
        counts = self.counts
        wrong = counts.lost or counts.doubled or counts.misordered or counts.failed
        recovered = self.worst_s is not None
        audit_result = self.audit_result.code == 0
        return (
            not wrong
            and counts.acknowledged > 0
            and recovered
            and audit_result
            and not self.problems
        )

    @property
    def held(self) -> bool:
        """Sound, and work resumed in time."""
        return self.is_correct and self.worst_s is not None and self.worst_s <= RECOVERY_MAX_S

    @classmethod
    def from_json(cls, text: str) -> Self:
        """As it was kept."""
        fields = json.loads(text)
        nested = {"incidents": Incidents, "counts": Counts, "audit_result": AuditResult}
        return cls(**{**fields, **{name: kind(**fields[name]) for name, kind in nested.items()}})
