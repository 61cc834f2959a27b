"""Metrics that are written once a second equal those written for each value."""

from uuid import uuid4

from prometheus_client import CollectorRegistry, Histogram

from app.web.ws.traffic import observe_all
from lanes.declarations import SECONDS

VALUES = [0.0, *map(float, SECONDS), 0.0019, 0.003, 0.003, 14.9, 15.1, 600.0]


def test_values_counted_at_once_are_counted_as_one_by_one() -> None:
    at_once, one_by_one = (
        Histogram(f"a{uuid4().hex}_seconds", "A.", buckets=SECONDS, registry=CollectorRegistry())
        for _ in range(2)
    )
    for values in (VALUES, [], VALUES[:5]):
        observe_all(at_once, values)
        for value in values:
            one_by_one.observe(value)
    assert counts_of(at_once) == counts_of(one_by_one)
    assert len(counts_of(at_once)) == len(SECONDS) + 2
    assert counts_of(at_once)["count"] == len(VALUES) + 5


def counts_of(histogram: Histogram) -> dict[str, float]:
    """By the bound of each bucket, and in all."""
    return {
        sample.labels.get("le", "count"): sample.value
        for metric in histogram.collect()
        for sample in metric.samples
        if sample.name.endswith(("_bucket", "_count"))
    }
