"""Of a fault that is to be outlived it counts when work resumes while it lasts."""

import random
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from stack.campaign.faults.fault import Fault
from stack.campaign.report import with_part
from stack.campaign.results import RECOVERY_MAX_S, Incidents
from stack.campaign.rounds import Rounds

LATE_S = RECOVERY_MAX_S + 1


@dataclass
class Probe:
    """Returns what it is given, and records its calls while the fault lasts."""

    resumed: float | None = 1.0
    recovered: float | None = 2.0
    calls: list[str] = field(default_factory=list)

    def resumed_s(self, _since: float) -> float | None:
        self.calls.append("resumed")
        return self.resumed

    def recovered_s(self, _environment: object) -> float | None:
        self.calls.append("recovered")
        return self.recovered


@dataclass
class FakeRoundParts:
    """A fake of what Rounds needs of environment and load."""

    probe: Probe
    rng: random.Random = field(default_factory=random.Random)


def recovery_of(probe: Probe, *, must_survive: bool) -> float | None:
    """The recovery that is noted of one fault."""
    fault = Fault(
        "x",
        ("kafka",),
        inject=lambda _: probe.calls.append("inject"),
        heal=lambda _: probe.calls.append("heal"),
        must_survive=must_survive,
    )
    parts, incidents = cast("Any", FakeRoundParts(probe)), Incidents()
    Rounds(parts, parts, parts, parts)._inject_and_heal([fault], incidents)
    assert incidents.times == {"x": 1}
    return incidents.worst_s["x"]


def test_work_must_resume_during_and_after_the_fault() -> None:
    probe = Probe()
    recovery_of(probe, must_survive=True)
    assert probe.calls == ["inject", "resumed", "heal", "recovered"]


def test_an_ordinary_fault_counts_only_after_its_end() -> None:
    probe = Probe(resumed=None)
    assert recovery_of(probe, must_survive=False) == 2.0
    assert probe.calls == ["inject", "heal", "recovered"]


@pytest.mark.parametrize(
    ("changed", "worst"),
    [
        ({"resumed": LATE_S}, LATE_S),
        ({"resumed": None}, None),
        ({"recovered": LATE_S}, LATE_S),
        ({"recovered": None}, None),
    ],
)
def test_the_longer_of_both_counts_and_never_is_longest(
    changed: dict[str, float | None], worst: float | None
) -> None:
    assert recovery_of(replace(Probe(), **changed), must_survive=True) == worst  # type: ignore[arg-type]


def test_each_campaign_replaces_its_own_part_of_the_page() -> None:
    page = with_part("", "# One\n\nold\n")
    page = with_part(page, "# Two\n\n## Memory\n")
    assert with_part(page, "# One\n\nnew\n") == "# One\n\nnew\n\n# Two\n\n## Memory\n"
