"""One step of the benchmark: a storm, and what it cost each process meanwhile."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from stack.bench.accounting import Usage, usage_by_name
from stack.bench.probe import Probe
from stack.bench.storm import Load
from stack.faults import StackFault
from stack.runtime import Stack

SUPERVISOR = "supervisor"
GENERATOR = "generator"
# A step that is worse than this has passed what the system can carry.
P99_MAX_MS = 1_000.0
BACKLOG_MAX_S = 1.0
# What is promised to bidders: a step that is no worse than this holds its rate.
HELD_P99_MS = 500.0
HELD_MAX_MS = 2_000.0


# Sends load, prints each phase as it begins, and returns a report like the load generator's.
Run = Callable[[Callable[[str], None]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process took: CPU from the first bid to the last outcome, RSS at the end."""

    cpu_s: float
    cpu_s_per_1000_bids: float | None
    rss_mib: float | None
    processes: int


@dataclass(frozen=True, slots=True)
class Measurement:
    """One step; `storm` is the generator's own report, as k6/storm/report.go defines it."""

    load: Load
    storm: Mapping[str, Any]
    window_s: float
    costs: Mapping[str, Cost]
    cpu_s_per_1000_bids: float | None
    oldest_waiting_s: float
    backlog_s: float  # the same in the last quarter of the step, median
    connections: Mapping[str, int]

    @property
    def decided_per_s(self) -> float:
        """Bids decided while they were offered, by the second: what comes later is not in it."""
        return float(self.storm["rates"]["steady_per_s"])

    @property
    def failures(self) -> int:
        """Bids that failed, as k6/README.md defines it."""
        return int(self.storm["failures"]["total"])

    @property
    def carried(self) -> bool:
        """Whether the system kept up with what was offered."""
        p99_ms = self.storm["result_ms"]["p99"]
        return self.failures == 0 and p99_ms <= P99_MAX_MS and self.backlog_s <= BACKLOG_MAX_S

    @property
    def held(self) -> bool:
        """Whether every bid was decided as soon as is promised."""
        result_ms = self.storm["result_ms"]
        is_prompt = result_ms["p99"] <= HELD_P99_MS and result_ms["max"] <= HELD_MAX_MS
        return self.carried and is_prompt


@dataclass(frozen=True, slots=True)
class _Reading:
    at_s: float
    usage: Mapping[str, Usage]


def measure_run(stack: Stack, load: Load, run: Run) -> Measurement:
    """Measure a running stack while `run` drives it, from its phase `storm` to its phase `done`."""
    readings: dict[str, _Reading] = {}

    def read(phase: str) -> None:
        readings[phase] = _Reading(time.monotonic(), usage_by_name(_named_pids(stack)))

    with Probe(stack.addresses()["DATABASE_URL"]) as probe:
        storm = run(read)
    if not {"storm", "done"} <= readings.keys():
        raise StackFault("the load generator did not say when its storm began and ended")
    return _measurement(load, storm, readings["storm"], readings["done"], probe)


def _measurement(
    load: Load, storm: Mapping[str, Any], begun: _Reading, done: _Reading, probe: Probe
) -> Measurement:
    decided = int(storm["bids"]["decided"])
    costs = {
        name: _cost(done.usage[name], since=begun.usage.get(name, Usage()), decided=decided)
        for name in done.usage
    }
    generator_s = float(storm["cpu"]["storm_s"])
    costs[GENERATOR] = Cost(generator_s, _per_1000(generator_s, decided), None, 1)
    findings = probe.findings
    return Measurement(
        load=load,
        storm=storm,
        window_s=done.at_s - begun.at_s,
        costs=costs,
        cpu_s_per_1000_bids=_per_1000(sum(cost.cpu_s for cost in costs.values()), decided),
        oldest_waiting_s=findings.oldest_waiting_s,
        backlog_s=backlog_s(findings.ages, begun_s=begun.at_s, length_s=load.seconds),
        connections=findings.connections,
    )


def ratio(value: float, of: float) -> float:
    """How many times `of` the value is; 0 where nothing was there to compare with."""
    return value / of if of else 0.0


def backlog_s(ages: Sequence[tuple[float, float]], *, begun_s: float, length_s: float) -> float:
    """How old the oldest unsettled bid was in the last quarter of a step; the median of samples."""
    end_s = begun_s + length_s
    late = [age for at_s, age in ages if end_s - length_s / 4 <= at_s <= end_s]
    return median(late) if late else 0.0


def _cost(usage: Usage, *, since: Usage, decided: int) -> Cost:
    cpu_s = usage.cpu_s - since.cpu_s
    return Cost(
        cpu_s=cpu_s,
        cpu_s_per_1000_bids=_per_1000(cpu_s, decided),
        rss_mib=usage.rss_bytes / 2**20,
        processes=usage.processes,
    )


def _per_1000(cpu_s: float, decided: int) -> float | None:
    return cpu_s * 1_000 / decided if decided else None


def _named_pids(stack: Stack) -> dict[int, str]:
    """The supervised processes by pid; those that differ only by a number share a name."""
    running = [process for process in stack.control.processes() if process.pid]
    pids = {process.pid: process.name.rstrip("0123456789").rstrip("-") for process in running}
    pid_file = stack.places.run_dir / "supervisord.pid"
    return {int(pid_file.read_text(encoding="utf-8")): SUPERVISOR, **pids}
