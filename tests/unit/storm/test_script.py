"""What a script declares, for the load generator and for the verdict."""

from pathlib import Path
from typing import Any

import pytest

from stack.faults import StackFault
from stack.storm.script import Script, crossed

STAGES = [
    {"duration": "5s", "target": 100},
    {"duration": "1500ms", "target": 100},
    {"duration": "2m", "target": 100},
    {"duration": "5s", "target": 0},
]


def script(transport: str = "ws", **scenarios: Any) -> Script:
    return Script(
        file=Path("storm.js"),
        scenarios=scenarios or {"storm": {"executor": "ramping-vus", "stages": STAGES}},
        thresholds={
            "bid_failed": ("rate<0.001",),
            "bid_outcome_ms": ("p(95)<500",),
            "http_req_failed": ("rate<0.001",),
        },
        transport=transport,
        auctions=1,
    )


def report(**failures: float) -> dict[str, Any]:
    return {
        "bids": {"offered": 1_000},
        "failures": {"total": 0, "share": 0.0, "error": 0, "missing": 0, **failures},
        "result_ms": {"p95": 499.9},
    }


def test_stages_have_the_load_generators_format() -> None:
    assert script().stages == "5s:100,1500ms:100,2m:100,5s:0"
    assert script().users == 100
    assert script().steady_s == 120


def test_unsupported_scripts_are_not_given_to_the_generator() -> None:
    viewers = script("viewers", viewers={"vus": 1_000}, bidders={"vus": 2})
    assert (viewers.users, viewers.steady_s) == (1_002, 0)
    with pytest.raises(StackFault, match="cannot drive storm"):
        _ = viewers.stages


def test_thresholds_are_judged_by_the_report() -> None:
    assert crossed(script(), report()) == []
    assert crossed(script(), report(share=0.001)) == ["bid_failed rate<0.001: 0.001"]
    assert crossed(script(), report(error=1)) == ["http_req_failed rate<0.001: 0.001"]
    slow = {**report(), "result_ms": {"p95": 500.0}}
    assert crossed(script(), slow) == ["bid_outcome_ms p(95)<500: 500"]
