"""Steps held against those of the baseline in the repository, by ratios: which process changed.

CPU per bid survives a noisy machine, and decided bids/s tells whether it can carry what it could;
milliseconds are not compared.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from stack.bench.measurement import Measurement, ratio
from stack.bench.table import heading

BASELINE = Path(__file__).with_name("baseline.json")
NOTICED = 0.1  # a change of this size is reported
SMALL_CPU_S = 0.005  # per 1,000 bids: what changed below it is noise


@dataclass(frozen=True, slots=True)
class Step:
    """What is kept of a step; CPU seconds per 1,000 bids, of all and by process."""

    decided_per_s: float
    cpu_s: float
    process_cpu_s: Mapping[str, float]


def steps_of(measured: Sequence[Measurement]) -> dict[str, Step]:
    """The steps of a report by their headings; the last of equal ones."""
    return {
        heading(one): Step(
            decided_per_s=one.decided_per_s,
            cpu_s=one.cpu_s_per_1000_bids,
            process_cpu_s={
                name: cost.cpu_s_per_1000_bids
                for name, cost in one.costs.items()
                if cost.cpu_s_per_1000_bids is not None
            },
        )
        for one in measured
        if one.cpu_s_per_1000_bids is not None
    }


def read_baseline(file: Path = BASELINE) -> dict[str, Step]:
    """The steps of the baseline; none where there is no baseline."""
    if not file.exists():
        return {}
    steps = json.loads(file.read_text(encoding="utf-8"))["steps"]
    return {name: Step(**step) for name, step in steps.items()}


def write_baseline(
    steps: Mapping[str, Step], conditions: Mapping[str, object], file: Path = BASELINE
) -> None:
    """Keep these steps as the baseline, beside those of other headings that it has."""
    kept = {**read_baseline(file), **steps}
    content = {"measured_under": conditions, "steps": {n: asdict(s) for n, s in kept.items()}}
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def compare(now: Mapping[str, Step], baseline: Mapping[str, Step]) -> list[str]:
    """Return a table in Markdown of the steps that both have; nothing when there is none."""
    common = [name for name in now if name in baseline]
    if not common:
        return []
    return [
        "Against the baseline, as ratios:",
        "",
        "| step | decided/s | CPU per bid | what changed |",
        "| --- | --- | --- | --- |",
        *(_line(name, now[name], baseline[name]) for name in common),
    ]


def _line(name: str, now: Step, before: Step) -> str:
    decided, cpu = ratio(now.decided_per_s, before.decided_per_s), ratio(now.cpu_s, before.cpu_s)
    changes = ", ".join(_changes(now.process_cpu_s, before.process_cpu_s))
    return f"| {name} | {decided:.2f} | {cpu:.2f} | {changes or 'nothing'} |"


def _changes(now: Mapping[str, float], before: Mapping[str, float]) -> Iterator[str]:
    """The processes whose CPU per bid changed, the largest change in seconds first."""
    names = {*now, *before}
    for name in sorted(names, key=lambda one: -abs(now.get(one, 0.0) - before.get(one, 0.0))):
        old, new = before.get(name, 0.0), now.get(name, 0.0)
        if max(old, new) < SMALL_CPU_S or abs(new - old) < NOTICED * old:
            continue
        yield f"{name} {new / old:.2f}" if old else f"{name} is new"
