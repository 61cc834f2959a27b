"""The Markdown of a report has every required figure."""

from dataclasses import replace

from stack.bench.measurement import Cost, Measurement, backlog_s
from stack.bench.storm import Load
from stack.bench.table import render

SPREAD = {"count": 40_000, "p50": 12.3, "p95": 45.6, "p99": 78.9, "max": 101.0}


def step(**failures: float) -> Measurement:
    """Two thousand bids a second, all decided."""
    return Measurement(
        load=Load(rate=2_000, seconds=20, sockets=1_000, auctions=1, mode="ws", subscribe=False),
        storm={
            "bids": {"offered": 40_000, "decided": 39_998, "accepted": 30_000},
            "failures": {"total": 0, "share": 0.0, **failures},
            "rates": {"decided_per_s": 1_999.5, "steady_per_s": 1_998.0},
            "states": {"frames": 100_000, "per_s": 5_000.0, "delay_ms": SPREAD},
            "received_ms": SPREAD,
            "result_ms": SPREAD,
            "send_lag_ms": SPREAD,
            "sockets": {"opened": 1_000, "wanted": 1_000},
        },
        window_s=20.1,
        costs={
            "beat": Cost(cpu_s=0.04, cpu_s_per_1000_bids=0.001, rss_mib=50.0, processes=1),
            "gateway": Cost(cpu_s=8.0, cpu_s_per_1000_bids=0.2, rss_mib=240.4, processes=3),
            "generator": Cost(cpu_s=1.2, cpu_s_per_1000_bids=0.03, rss_mib=None, processes=1),
        },
        cpu_s_per_1000_bids=0.231,
        oldest_waiting_s=0.114,
        backlog_s=0.0,
        connections={"gateway": 6, "bridge": 8},
    )


def test_every_figure_and_every_process_has_its_row() -> None:
    lines = render([step()])
    assert "| decided, bids/s | 2,000 |" in lines
    assert "| failures | 0 (0.00%) |" in lines
    assert "| send → bid.result, ms p50 / p95 / p99 / max | 12 / 46 / 79 / 101 |" in lines
    assert "| oldest unsettled bid, s: worst, last quarter | 0.11, 0.00 |" in lines
    assert "| states: frames/s, ms p99 after the bid | 5,000, 79 |" in lines
    assert "| database connections | 14 (bridge 8, gateway 6) |" in lines
    processes = lines[lines.index("| process | ws 2,000/s, auctions 1, sockets 1,000 |") + 2 :]
    assert processes == [
        "| gateway | 0.200 (240) |",
        "| generator | 0.030 |",
        "| beat | 0.001 (50) |",
        "| **all** | **0.231** |",
    ]


def test_failures_are_named_by_kind() -> None:
    lines = render([step(total=3, share=0.000075, missing=2, late=1)])
    assert "| failures | 3 (0.01%): 2 missing, 1 late |" in lines
    assert not step(total=3).carried
    assert step().carried


def test_a_step_holds_when_every_bid_was_decided_in_time() -> None:
    assert step().held
    late = {**step().storm, "result_ms": {**SPREAD, "max": 2_100.0}}
    assert replace(step(), storm=late).carried
    assert not replace(step(), storm=late).held


def test_a_growing_backlog_does_not_hold_the_rate() -> None:
    ages = [(second, float(second)) for second in range(1, 21)]
    assert backlog_s(ages, begun_s=0, length_s=20) == 17.5
    assert backlog_s([(100.0, 9.0)], begun_s=0, length_s=20) == 0.0
    assert not replace(step(), backlog_s=17.5).carried
