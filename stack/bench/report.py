"""Writes what was measured: JSON for the next comparison, Markdown for people."""

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from stack.bench.measurement import Measurement
from stack.bench.table import render
from stack.places import CHECKOUT

REPORTS_DIR = CHECKOUT / "var" / "bench"


def write_report(steps: Sequence[Measurement], *, now: datetime) -> tuple[Path, str]:
    """Write var/bench/TIME.json and TIME.md; returns the JSON's path and the Markdown."""
    taken_at = now.astimezone(UTC).strftime("%Y-%m-%dT%H%M%SZ")
    made_under = conditions()
    content = {
        "v": 1,
        "taken_at": taken_at,
        **made_under,
        "steps": [asdict(step) for step in steps],
    }
    REPORTS_DIR.mkdir(parents=True, exist_ok=True)
    file = REPORTS_DIR / f"{taken_at}.json"
    file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    table = render(taken_at, made_under, steps)
    file.with_suffix(".md").write_text(table, encoding="utf-8")
    return file, table


def conditions() -> Mapping[str, object]:
    """What must be alike for two reports to be compared."""
    return {
        "commit": _commit(),
        "cpus": len(os.sched_getaffinity(0)),
        "cpu": _cpu_model(),
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


def _commit() -> str:
    command = ("git", "-C", str(CHECKOUT), "describe", "--always", "--dirty")
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return result.stdout.strip() or "unknown"


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
