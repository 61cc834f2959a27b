"""Writes what was measured: JSON for the next comparison, Markdown for people."""

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from stack.bench.floors import HELD_RATES, render_floors
from stack.bench.measurement import Measurement
from stack.bench.sketch import SketchStep, render_sketch
from stack.bench.table import render
from stack.commands import commit
from stack.faults import UsageFault
from stack.places import CHECKOUT

REPORTS_DIR = CHECKOUT / "var" / "bench"
ABREAST = 4  # steps in one table, so that it stays readable


@dataclass(slots=True)
class Report:
    """What a run found: figures by their names in floors.py, and every storm of it."""

    figures: dict[str, float] = field(default_factory=dict)
    steps: list[Measurement] = field(default_factory=list)
    sketched: list[SketchStep] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    comparison: list[str] = field(default_factory=list)
    has_floors: bool = True  # scenarios were run: their figures are held against the table


def figures_in(file: Path) -> dict[str, float]:
    """The figures of an earlier report. Raises UsageFault for a file that is none."""
    try:
        figures: dict[str, float] = json.loads(file.read_text(encoding="utf-8"))["figures"]
    except (OSError, ValueError, KeyError, TypeError):
        raise UsageFault(f"{file} is no report of the benchmark") from None
    return figures


def merged(earlier: Mapping[str, float], own: Mapping[str, float]) -> dict[str, float]:
    """The figures of two runs: the later ones, but the higher rate that was held."""
    held = {
        name: max(rate, own.get(name, 0.0)) for name, rate in earlier.items() if name in HELD_RATES
    }
    return {**earlier, **own, **held}


def write_report(report: Report, *, now: datetime) -> tuple[Path, str]:
    """Write var/bench/TIME.json and TIME.md; returns the JSON's path and the Markdown."""
    taken_at = now.astimezone(UTC).strftime("%Y-%m-%dT%H%M%SZ")
    made_under = conditions()
    content = {
        "v": 2,
        "taken_at": taken_at,
        **made_under,
        "figures": report.figures,
        "notes": report.notes,
        "steps": [asdict(step) for step in report.steps],
        "sketch": [asdict(step) for step in report.sketched],
    }
    REPORTS_DIR.mkdir(parents=True, exist_ok=True)
    file = REPORTS_DIR / f"{taken_at}.json"
    file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    table = _render(taken_at, made_under, report)
    file.with_suffix(".md").write_text(table, encoding="utf-8")
    return file, table


def _render(taken_at: str, made_under: Mapping[str, object], report: Report) -> str:
    """What is asked of the house first, then every storm."""
    parts = [
        [f"# Benchmark {taken_at}"],
        [", ".join(f"{name} {value}" for name, value in made_under.items())],
        render_floors(report.figures) if report.has_floors else [],
        render_sketch(report.steps, report.sketched) if report.sketched else [],
        report.comparison,
        [f"- {note}" for note in report.notes],
        *(render(report.steps[at : at + ABREAST]) for at in range(0, len(report.steps), ABREAST)),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def conditions() -> Mapping[str, object]:
    """What must be alike for two reports to be compared."""
    return {
        "commit": commit(),
        "cpus": len(os.sched_getaffinity(0)),
        "cpu": _cpu_model(),
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
