"""Rounds with scrapers are compared with the rounds before them."""

from dataclasses import replace

from stack.bench.measurement import Cost, Measurement
from stack.bench.scraping import render_ratios
from stack.bench.storm import Load

LOAD = Load(rate=500, seconds=20, sockets=1_000, auctions=1, mode="ws", subscribe=True)


def step(ms: float, *, gateway_s: float, metrics_s: float, scrapers: int = 0) -> Measurement:
    spread = {"p50": ms, "p99": 2 * ms}
    return Measurement(
        load=replace(LOAD, scrapers=scrapers),
        storm={"bids": {"decided": 10_000}, "received_ms": spread, "result_ms": spread},
        window_s=20.0,
        costs={
            "gateway": Cost(gateway_s, None, None, 3),
            "metrics": Cost(metrics_s, None, None, 1),
        },
        cpu_s_per_1000_bids=None,
        oldest_waiting_s=0.0,
        backlog_s=0.0,
        connections={},
    )


def test_ratios_are_of_medians_and_of_each_round() -> None:
    alone = [step(ms, gateway_s=5.0, metrics_s=0.1) for ms in (10.0, 20.0, 30.0)]
    beside = [step(ms, gateway_s=6.0, metrics_s=1.1, scrapers=10) for ms in (11.0, 22.0, 60.0)]
    lines = render_ratios(alone, beside).splitlines()
    assert "with 10 scrapers" in lines[0]
    assert "| send → bid.result, ms p99 | 40 | 44 | **1.10** (1.10, 1.10, 2.00) |" in lines
    assert "| CPU s per 1,000 bids, exporter and Flower left out | 0.5 | 0.6 |" in "\n".join(lines)
    assert "| CPU s per 1,000 bids, everything | 0.51 | 0.71 |" in "\n".join(lines)
