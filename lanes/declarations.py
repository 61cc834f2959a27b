"""Declares metrics: each once, with its unit and its meaning, listed for docs/metrics.md.

The last word of a name is its unit. Values of labels come from the closed sets of
app/observability/reference.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from prometheus_client import Counter, Gauge, Histogram

SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15)
SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000)

Kind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True, slots=True)
class Declaration:
    """One metric. `name` is as Prometheus shows it: a counter's ends with `_total`."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    meaning: str

    @property
    def unit(self) -> str:
        """The last word of the name, `_total` aside."""
        return self.name.removesuffix("_total").rpartition("_")[2]

    @property
    def sample(self) -> str:
        """The name of the sample that shows whether there is any series."""
        return f"{self.name}_count" if self.kind == "histogram" else self.name


DECLARED: list[Declaration] = []


def counter(name: str, meaning: str, *labels: str) -> Counter:
    """A count that never falls; `name` without `_total`."""
    declare(f"{name}_total", "counter", meaning, labels)
    return Counter(name, meaning, labels)


def summed(name: str, meaning: str, *labels: str) -> Gauge:
    """A gauge that adds up the values of all living processes."""
    declare(name, "gauge", meaning, labels)
    return Gauge(name, meaning, labels, multiprocess_mode="livesum")


def newest(name: str, meaning: str, *labels: str) -> Gauge:
    """A gauge of something all processes share: the value measured last."""
    declare(name, "gauge", meaning, labels)
    return Gauge(name, meaning, labels, multiprocess_mode="mostrecent")


def oldest(name: str, meaning: str, *labels: str) -> Gauge:
    """A gauge of a time: of all living processes, the one longest ago."""
    declare(name, "gauge", meaning, labels)
    return Gauge(name, meaning, labels, multiprocess_mode="livemin")


def histogram(
    name: str, meaning: str, *labels: str, buckets: Sequence[float] = SECONDS
) -> Histogram:
    """A histogram of observations over `buckets`."""
    declare(name, "histogram", meaning, labels)
    return Histogram(name, meaning, labels, buckets=buckets)


def declare(name: str, kind: Kind, meaning: str, labels: tuple[str, ...]) -> None:
    """List a metric that is made here, or by a library."""
    DECLARED.append(Declaration(name, kind, labels, meaning))
