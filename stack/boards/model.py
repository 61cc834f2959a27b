"""What a board is made of, whoever draws it: Grafana, or matplotlib for docs/boards."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

# Grafana puts the shortest window into this that holds enough scrapes; others must choose one.
WINDOW = "$__rate_interval"
# For a share of requests by their status: such a series begins with its first request. All others
# are there from the start (app/observability/series.py), so that what gives nothing is a fault.
NONE_YET = " or on() vector(0)"
_WORDS = re.compile(r'"[^"]*"|[a-zA-Z_:][a-zA-Z0-9_:]*')
_SERIES = re.compile(r"^[a-z][a-z0-9]*(_[a-z0-9]+)+$")
_GROUPED = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
_SELECTED = re.compile(r"\{[^}]*\}")
_FUNCTIONS = frozenset({"histogram_quantile", "label_replace", "clamp_min", "clamp_max"})
_PARTS_OF_HISTOGRAM = re.compile(r"_(bucket|sum|count)$")


@dataclass(frozen=True, slots=True)
class Query:
    """A PromQL expression, and the legend of each series it gives (`{{label}}` is its value)."""

    expression: str
    legend: str

    def over(self, window: str) -> str:
        """The expression for a Prometheus that knows nothing of Grafana; `window` as `1m`."""
        return self.expression.replace(WINDOW, window)


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture. `unit` is one of Grafana's: `s`, `bytes`, `percentunit`, `short`, …"""

    title: str
    unit: str
    queries: tuple[Query, ...]
    about: str = ""


@dataclass(frozen=True, slots=True)
class Board:
    """A page of panels, in rows of up to four."""

    uid: str
    title: str
    about: str
    rows: tuple[tuple[str, tuple[Panel, ...]], ...]

    def panels(self) -> Iterator[Panel]:
        """All of them, as they are read."""
        for _, panels in self.rows:
            yield from panels


def metrics_in(expression: str) -> set[str]:
    """The names of the metrics that a PromQL expression reads; a histogram's without `_bucket`.

    Metrics are told from functions and labels by their place: labels stand in braces or behind
    `by`, and no function has a name of several words but those known here.
    """
    bare = _SELECTED.sub("", _GROUPED.sub("", expression))
    words = (word for word in _WORDS.findall(bare) if not word.startswith('"'))
    names = {word for word in words if _SERIES.match(word) and not _is_function(word)}
    return {_PARTS_OF_HISTOGRAM.sub("", name) for name in names}


def _is_function(word: str) -> bool:
    return word in _FUNCTIONS or word.endswith("_over_time")


def panel(title: str, unit: str, *queries: Query, about: str = "") -> Panel:
    """A panel of these queries."""
    return Panel(title, unit, queries, about)


def now(metric: str, legend: str, *, by: str = "") -> Query:
    """A gauge as it is, added up by these labels."""
    return Query(f"sum{_by(by)}({metric})", legend)


def rate(metric: str, legend: str, *, by: str = "") -> Query:
    """How much a counter rises in a second, added up by these labels."""
    return Query(f"sum{_by(by)}(rate({metric}[{WINDOW}]))", legend)


def quantiles(metric: str, *, of: tuple[float, ...] = (0.5, 0.99)) -> tuple[Query, ...]:
    """The quantiles of a histogram, all its series together."""
    return tuple(quantile(metric, share, f"p{share * 100:g}") for share in of)


def quantile(metric: str, share: float, legend: str, *, by: str = "") -> Query:
    """One quantile of a histogram, by these labels."""
    labels = f"le, {by}" if by else "le"
    inner = f"sum by ({labels}) (rate({metric}_bucket[{WINDOW}]))"
    return Query(f"histogram_quantile({share}, {inner})", legend)


def mean(metric: str, legend: str, *, by: str = "") -> Query:
    """The mean of what a histogram observed."""
    total, count = (f"sum{_by(by)}(rate({metric}_{part}[{WINDOW}]))" for part in ("sum", "count"))
    return Query(f"{total} / {count}", legend)


def _by(labels: str) -> str:
    return f" by ({labels}) " if labels else " "
