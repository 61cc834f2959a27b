"""The driver's figures of a storm beside those that Prometheus scraped: they must agree.

What Prometheus says is the difference of raw counters before and after, when nothing moves: rates
and `increase` would be extrapolated from what was scraped.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stack.boards.query import PrometheusClient
from stack.slowness import wait_until
from stack.tables import markdown

DIFFERENCE_MAX = 0.02  # above it one of the two counts something else
# A gateway counts what its sockets did once a second, and the exporter shows that for a second.
SHOWN_AFTER_S = 2.5
SCRAPED_WITHIN_S, POLL_S = 30.0, 0.2
REQUESTS = 'http_request_duration_seconds_count{endpoint="POST /api/auctions/<int:auction_id>/bids"'
OVER_SOCKETS = {
    "bids sent": "sum(ws_received_bids_total)",
    "receipts": "sum(ws_acknowledged_bids_total)",
}
# 200 has the outcome with the receipt, where the client waits for it; 202 the receipt alone.
OVER_HTTP = {
    "bids sent": f"sum({REQUESTS}}}) or on() vector(0)",
    "receipts": f'sum({REQUESTS},status=~"200|202"}}) or on() vector(0)',
}
DECIDED = {
    "accepted": 'sum(auction_decided_bids_total{outcome="accepted"})',
    "rejected": 'sum(auction_decided_bids_total{outcome!="accepted"})',
}
ANY_COUNTER = "ws_received_bids_total"

Counts = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Row:
    """One figure as the driver and as Prometheus have it."""

    figure: str
    driver: float
    prometheus: float

    @property
    def difference(self) -> float:
        """Of Prometheus' from the driver's, as a share of the driver's."""
        if self.driver == self.prometheus:
            return 0.0
        return (self.prometheus - self.driver) / self.driver if self.driver else float("inf")

    @property
    def agrees(self) -> bool:
        """Whether they differ by no more than DIFFERENCE_MAX."""
        return abs(self.difference) <= DIFFERENCE_MAX


def read_counts(prometheus: PrometheusClient, transport: str) -> dict[str, float]:
    """What is counted now, once it has been scraped; StackFault when no scrape comes."""
    _wait_scraped(prometheus, after_s=time.time() + SHOWN_AFTER_S)
    asked = {**(OVER_HTTP if transport == "http" else OVER_SOCKETS), **DECIDED}
    return {figure: _value(prometheus, expression) for figure, expression in asked.items()}


def rows_of(report: Mapping[str, Any], before: Counts, after: Counts) -> list[Row]:
    """The figures that the driver has, the last of them as a rate over its own seconds."""
    bids = report["bids"]
    own = {
        "bids sent": bids["sent"],
        "receipts": bids.get("received"),
        "accepted": bids["accepted"],
        "rejected": bids["decided"] - bids["accepted"],
    }
    counted = {figure: after[figure] - before[figure] for figure in after}
    rows = [Row(name, own[name], counted[name]) for name in own if own[name] is not None]
    if seconds := report.get("seconds"):
        decided = counted["accepted"] + counted["rejected"]
        rows.append(Row("decided bids/s", bids["decided"] / seconds, decided / seconds))
    return rows


def render(rows: list[Row]) -> str:
    """The table."""
    cells = [
        (row.figure, f"{row.driver:,.0f}", f"{row.prometheus:,.0f}", f"{row.difference:+.2%}")
        for row in rows
    ]
    return markdown(("figure", "driver", "Prometheus", "difference"), cells, "<>>>")


def disagreements(rows: list[Row]) -> list[str]:
    """A line for each figure that Prometheus has otherwise."""
    return [
        f"Prometheus counts {row.prometheus:,.0f} {row.figure} where the driver counts"
        f" {row.driver:,.0f}: {row.difference:+.1%} is more than {DIFFERENCE_MAX:.0%}"
        for row in rows
        if not row.agrees
    ]


def _wait_scraped(prometheus: PrometheusClient, *, after_s: float) -> None:
    wait_until(
        lambda: _scraped_at_s(prometheus) >= after_s,
        f"Prometheus has scraped {ANY_COUNTER}",
        seconds=SCRAPED_WITHIN_S,
        poll_s=POLL_S,
    )


def _scraped_at_s(prometheus: PrometheusClient) -> float:
    return max((s.value for s in prometheus.instant(f"timestamp({ANY_COUNTER})")), default=0.0)


def _value(prometheus: PrometheusClient, expression: str) -> float:
    (series,) = prometheus.instant(expression)
    return series.value
