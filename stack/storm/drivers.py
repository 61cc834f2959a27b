"""Who drives a script: the user's k6, else our load generator, else the runner of the tests.

Each gives a report in the load generator's shape (k6/storm/report.go), so one table serves all.
"""

import json
import os
import resource
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from stack.bench.storm import Load, run_storm
from stack.faults import StackFault
from stack.storm.script import Script, crossed
from stack.storm.target import Target

K6_CROSSED = 99  # k6's exit code for thresholds that were crossed


class Driver(Protocol):
    """`crossed` is to be read after `run`: the thresholds that did not hold."""

    name: str
    crossed: list[str]

    def run(self, on_phase: Callable[[str], None]) -> dict[str, Any]:
        """Drive the script to its end and return the report. Raises StackFault if it cannot."""


@dataclass(slots=True)
class GeneratorDriver:
    """The load generator, which bids as the script's users do."""

    script: Script
    target: Target
    load: Load
    executable: Path
    users_file: Path
    crossed: list[str]
    name: str = "our load generator (k6/storm, Go)"

    def run(self, on_phase: Callable[[str], None]) -> dict[str, Any]:
        """As Driver.run."""
        report = run_storm(
            self.executable,
            self.load,
            addresses={"BASE_URL": self.target.url, "WS_URL": self.target.ws_url},
            users_file=self.users_file,
            on_phase=on_phase,
        )
        self.crossed = crossed(self.script, report)
        return report


@dataclass(slots=True)
class ScriptDriver:
    """k6, or the runner, which run the script itself, as `environment` says."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    summary_file: Path
    steady_s: float
    crossed: list[str]

    def run(self, on_phase: Callable[[str], None]) -> dict[str, Any]:
        """As Driver.run."""
        self.summary_file.unlink(missing_ok=True)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        on_phase("storm")
        result = subprocess.run(
            self.command, env={**os.environ, **self.environment}, check=False
        ).returncode
        on_phase("done")
        if result == K6_CROSSED:
            self.crossed = ["a threshold of the script: see above"]
        elif result != 0:
            raise StackFault(f"{self.command[0]} ended with {result}: see above")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        summary = json.loads(self.summary_file.read_text(encoding="utf-8"))
        return report_of(summary["metrics"], steady_s=self.steady_s, cpu_s=cpu_s)


def report_of(
    metrics: Mapping[str, Mapping[str, float]], *, steady_s: float, cpu_s: float
) -> dict[str, Any]:
    """A script's summary as a report; figures of bids are 0 in a script without bids.

    `steady_s` is how long its number of users stood still.
    """

    def value(metric: str, statistic: str) -> float:
        return float(metrics.get(metric, {}).get(statistic, 0.0))

    lost, sent = int(value("bids_lost", "count")), int(value("bids_sent", "count"))
    steady = value("bids_steady", "count") / steady_s if steady_s else 0.0
    return {
        "bids": {
            "offered": sent,
            "sent": sent,
            "decided": int(value("bids_decided", "count")),
            "accepted": int(value("bids_accepted", "count")),
        },
        "failures": {"total": lost, "share": value("bid_failed", "rate")},
        "rates": {"steady_per_s": steady},
        "result_ms": {
            "p50": value("bid_outcome_ms", "med"),
            "p95": value("bid_outcome_ms", "p(95)"),
            "p99": value("bid_outcome_ms", "p(99)"),
        },
        "cpu": {"storm_s": cpu_s},
    }
