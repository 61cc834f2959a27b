"""Metrics are an interface: what is declared."""

import pytest
from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

from app.observability import metrics

DECLARED = [metric for metric in vars(metrics).values() if isinstance(metric, MetricWrapperBase)]
UNITS = {
    "bids", "bytes", "calls", "conflicts", "failures", "frames", "lanes", "messages", "partitions",
    "records", "requests", "retries", "seconds", "settles", "sockets", "transactions",
}  # fmt: skip
LABELS = {
    "cause",
    "code",
    "end",
    "endpoint",
    "holder",
    "pipeline",
    "reason",
    "status",
    "store",
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
        "auction", "backlog", "broadcast", "gateway", "http", "ingest", "lane", "pipeline",
        "postgres", "relay", "save", "ws",
    }  # fmt: skip
