"""The driver's figures are compared with Prometheus; more than 2 % difference is a fault."""

from typing import Any

import pytest

from stack.storm.agreement import Row, disagreements, render, rows_of

BEFORE = {"bids sent": 100.0, "receipts": 100.0, "accepted": 10.0, "rejected": 90.0}
AFTER = {"bids sent": 1_100.0, "receipts": 1_095.0, "accepted": 210.0, "rejected": 880.0}


def report(**bids: int) -> dict[str, Any]:
    own = {"sent": 1_000, "received": 1_000, "decided": 1_000, "accepted": 200}
    return {"bids": {**own, **bids}, "seconds": 10.0}


def test_each_figure_is_listed_with_the_counters_increase() -> None:
    rows = rows_of(report(), BEFORE, AFTER)
    assert rows == [
        Row("bids sent", 1_000, 1_000),
        Row("receipts", 1_000, 995),
        Row("accepted", 200, 200),
        Row("rejected", 800, 790),
        Row("decided bids/s", 100, 99),
    ]
    assert disagreements(rows) == []
    assert render(rows).splitlines()[2:4] == [
        "| bids sent | 1,000 | 1,000 | +0.00% |",
        "| receipts | 1,000 | 995 | -0.50% |",
    ]


def test_a_larger_difference_is_reported() -> None:
    rows = rows_of(report(received=1_021), BEFORE, AFTER)
    assert disagreements(rows) == [
        "Prometheus counts 995 receipts where the driver counts 1,021: -2.5% is more than 2%"
    ]


@pytest.mark.parametrize(
    ("driver", "prometheus", "agrees"),
    [(100, 102, True), (100, 98, True), (100, 102.1, False), (0, 0, True), (0, 1, False)],
)
def test_two_per_cent_is_the_bound(driver: float, prometheus: float, agrees: bool) -> None:  # noqa: FBT001
    assert Row("bids", driver, prometheus).agrees == agrees


def test_a_script_without_receipts_is_compared_by_the_rest() -> None:
    of_k6 = {"bids": {"sent": 1_000, "decided": 1_000, "accepted": 200}}
    assert [row.figure for row in rows_of(of_k6, BEFORE, AFTER)] == [
        "bids sent", "accepted", "rejected",
    ]  # fmt: skip
