"""Metrics are an interface: what is declared, and what is kept of processes that ended."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

from app.observability import metrics
from app.observability.multiprocess import forget_dead_processes

DECLARED = [metric for metric in vars(metrics).values() if isinstance(metric, MetricWrapperBase)]
UNITS = {
    "bids", "bytes", "conflicts", "failures", "frames", "lanes", "messages", "partitions",
    "records", "requests", "retries", "seconds", "settles", "sockets", "transactions",
}  # fmt: skip
LABELS = {
    "cause",
    "code",
    "end",
    "holder",
    "pipeline",
    "reason",
    "topic",
}  # each from a closed set that metrics.py names


def name_of(metric: MetricWrapperBase) -> str:
    return next(iter(metric.describe())).name


@pytest.mark.parametrize("metric", DECLARED, ids=name_of)
def test_a_metric_says_its_unit_and_its_meaning(metric: MetricWrapperBase) -> None:
    (described,) = metric.describe()
    assert described.name.rpartition("_")[2] in UNITS
    assert described.documentation.endswith(".")
    assert isinstance(metric, Counter | Gauge | Histogram)


@pytest.mark.parametrize("metric", DECLARED, ids=name_of)
def test_labels_come_from_closed_sets(metric: MetricWrapperBase) -> None:
    assert set(metric._labelnames) <= LABELS


def test_no_name_is_declared_twice_and_every_metric_belongs_to_a_part() -> None:
    names = [name_of(metric) for metric in DECLARED]
    parts = {name.partition("_")[0] for name in names}
    assert len(set(names)) == len(names)
    assert parts == {
        "auction", "backlog", "broadcast", "gateway", "ingest", "lane", "pipeline", "postgres",
        "relay", "save", "ws",
    }  # fmt: skip


def test_what_a_dead_process_said_of_itself_is_forgotten_and_what_it_counted_is_not(
    tmp_path: Path,
) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    kept = [f"gauge_livesum_{os.getpid()}.db", f"counter_{gone.pid}.db"]
    for name in (*kept, f"gauge_livesum_{gone.pid}.db"):
        (tmp_path / name).touch()
    forget_dead_processes(tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(kept)
