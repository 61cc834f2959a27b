"""Metrics as a scraper reads them."""

import httpx
from prometheus_client.parser import text_string_to_metric_families

from app.observability.reference import LABELS
from lanes.declarations import DECLARED

Samples = dict[tuple[str, str], float]
NAMES = {f"{one.name}{suffix}" for one in DECLARED for suffix in ("", "_count", "_sum")}


def read(url: str) -> Samples:
    """What is declared: {(name, values of its labels or nothing): value}, buckets left out."""
    text = httpx.get(url).text
    found: Samples = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name in NAMES:
                wrong = {n: v for n, v in sample.labels.items() if not LABELS[n].allows(v)}
                assert not wrong, (sample.name, wrong)
                found[sample.name, "".join(sample.labels.values())] = sample.value
    return found


def undeclared(url: str) -> set[str]:
    """The metrics that are shown and not declared."""
    names = {one.name.removesuffix("_total") for one in DECLARED}
    return {family.name for family in text_string_to_metric_families(httpx.get(url).text)} - names


def above(url: str, name: str, *, bound_s: float) -> float:
    """How many observations of a histogram without labels are above one of its bounds."""
    counts: dict[str, float] = {}
    for family in text_string_to_metric_families(httpx.get(url).text):
        for sample in family.samples:
            if sample.name == f"{name}_bucket":
                counts[sample.labels["le"]] = sample.value
    return counts["+Inf"] - counts[f"{bound_s:.1f}"]
