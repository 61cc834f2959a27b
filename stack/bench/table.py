"""The measurements as Markdown."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from stack.bench.measurement import Cost, Measurement
from stack.tables import markdown


def render(steps: Sequence[Measurement]) -> list[str]:
    """The lines of a table of all steps, and of one of the processes with a column a step."""
    return [
        *markdown(
            ["figure", *(heading(step) for step in steps)],
            [[name, *(row(step) for step in steps)] for name, row in FIGURES.items()],
        ).splitlines(),
        "",
        *_cost_lines(steps, [heading(step) for step in steps]),
    ]


def render_costs(measured: Measurement) -> str:
    """What one run cost each process."""
    return "\n".join(_cost_lines([measured], ["this run"]))


def _cost_lines(steps: Sequence[Measurement], headings: Sequence[str]) -> list[str]:
    return [
        "CPU seconds per 1,000 decided bids (RSS in MiB at the end; shared pages count in each):",
        "",
        *markdown(["process", *headings], _process_rows(steps)).splitlines(),
    ]


FIGURES: dict[str, Callable[[Measurement], str]] = {
    "offered, bids/s": lambda step: f"{step.load.rate:,.0f}",
    "decided, bids/s": lambda step: f"{step.storm['rates']['decided_per_s']:,.0f}",
    "accepted / decided / offered": lambda step: " / ".join(
        f"{step.storm['bids'][name]:,}" for name in ("accepted", "decided", "offered")
    ),
    "decided while offered, bids/s": lambda step: f"{step.decided_per_s:,.0f}",
    "failures": lambda step: _failures(step.storm["failures"]),
    "send → bid.received, ms p50 / p95 / p99 / max": lambda step: _spread(
        step.storm["received_ms"]
    ),
    "send → bid.result, ms p50 / p95 / p99 / max": lambda step: _spread(step.storm["result_ms"]),
    "generator's lag, ms p99": lambda step: f"{step.storm['send_lag_ms']['p99']:.1f}",
    "sockets opened": lambda step: (
        f"{step.storm['sockets']['opened']:,} of {step.storm['sockets']['wanted']:,}"
    ),
    "oldest unsettled bid, s: worst, last quarter": lambda step: (
        f"{step.oldest_waiting_s:.2f}, {step.backlog_s:.2f}"
    ),
    "states: frames/s, ms p99 after the bid": lambda step: _states(step.storm["states"]),
    "database connections": lambda step: _connections(step.connections),
}


def heading(step: Measurement) -> str:
    """What was offered, in a few words: steps of one heading can be compared."""
    load = step.load
    users = f"sockets {load.sockets:,}{' watching' if load.subscribe else ''}"
    scrapers = f", scrapers {load.scrapers}" if load.scrapers else ""
    viewers = f", viewers {load.viewers:,}" if load.viewers else ""
    ending = " that end" if load.ending else ""
    auctions = f"auctions {load.auctions}{ending}"
    return f"{load.mode} {load.rate:,.0f}/s, {auctions}, {users}{viewers}{scrapers}"


def _failures(failures: Mapping[str, float]) -> str:
    kinds = [
        f"{count:,} {kind}"
        for kind, count in failures.items()
        if count and kind not in ("total", "share")
    ]
    share = f"{failures['total']:,} ({failures['share']:.2%})"
    return f"{share}: {', '.join(kinds)}" if kinds else share


def _spread(spread: Mapping[str, float]) -> str:
    return " / ".join(f"{spread[name]:.0f}" for name in ("p50", "p95", "p99", "max"))


def _states(states: Mapping[str, Any]) -> str:
    if not states["frames"]:
        return "-"
    return f"{states['per_s']:,.0f}, {states['delay_ms']['p99']:.0f}"


def _connections(connections: Mapping[str, int]) -> str:
    parts = ", ".join(f"{name} {count}" for name, count in sorted(connections.items()))
    return f"{sum(connections.values())} ({parts})"


def _process_rows(steps: Sequence[Measurement]) -> list[list[str]]:
    names = sorted(
        {name for step in steps for name in step.costs},
        key=lambda name: -max(step.costs[name].cpu_s for step in steps if name in step.costs),
    )
    rows = [[name, *(_cost(step.costs.get(name)) for step in steps)] for name in names]
    return [*rows, ["**all**", *(f"**{_seconds(step.cpu_s_per_1000_bids)}**" for step in steps)]]


def _cost(cost: Cost | None) -> str:
    if cost is None:
        return "-"
    rss = "" if cost.rss_mib is None else f" ({cost.rss_mib:,.0f})"
    return _seconds(cost.cpu_s_per_1000_bids) + rss


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
