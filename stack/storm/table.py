"""BowChat's table with a column for this run (README before, README after: its own figures)."""

from collections.abc import Mapping
from typing import Any

from stack.bench.measurement import Measurement
from stack.tables import markdown

# Of BowChat's README, and of BowChat itself: built unmodified and driven with the same stages on
# two cores, its servers and the load generator included.
COLUMNS = ("figure", "README before", "README after", "BowChat measured here", "this run")
BIDS_LOST = ("73 % (HTTP)", "58 % (HTTP)", "98.7 %")
LAG = ("> 100 records", "≤ 40 records", "31,786 records")
STEADY = ("unstable", "40", "4")
OUTCOME_MS = ("-", "-", "23,800 / 39,000")
CPU = ("-", "-", "1.25 (JVM only)")
CONNECTIONS = ("20-25", "≤ 20", "-")
UNMEASURED = "-"


def render(report: Mapping[str, Any], measured: Measurement | None) -> str:
    """The table; without `measured` (another machine's house) its own figures are unknown."""
    failures, bids, outcome = report["failures"], report["bids"], report["result_ms"]
    lost = f"{failures['share']:.2%} ({failures['total']:,} of {bids['offered']:,})"
    rows = [
        ("bids without outcome within 5 s", *BIDS_LOST, lost),
        ("lag at its peak", *LAG, _oldest(measured)),
        ("steady decided bids/s", *STEADY, f"{report['rates']['steady_per_s']:,.0f}"),
        (
            "send → outcome, ms p50 / p99",
            *OUTCOME_MS,
            f"{outcome['p50']:,.0f} / {outcome['p99']:,.0f}",
        ),
        ("CPU seconds per 1,000 bids", *CPU, _cpu(measured)),
        ("database connections", *CONNECTIONS, _connections(measured)),
    ]
    return markdown(COLUMNS, rows)


def _oldest(measured: Measurement | None) -> str:
    if measured is None:
        return UNMEASURED
    return f"oldest unsettled bid {measured.oldest_waiting_s:.2f} s"


def _cpu(measured: Measurement | None) -> str:
    if measured is None or measured.cpu_s_per_1000_bids is None:
        return UNMEASURED
    return f"{measured.cpu_s_per_1000_bids:.2f} (everything)"


def _connections(measured: Measurement | None) -> str:
    return UNMEASURED if measured is None else str(sum(measured.connections.values()))
