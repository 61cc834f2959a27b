"""Boards and alerts use declared metrics, and the files of grafana/ are generated."""

import json
from dataclasses import replace

import pytest

from stack.boards import __main__ as boards
from stack.boards.alerts import ALERTS, Alert
from stack.boards.boards import BOARDS, OVERVIEW
from stack.boards.model import Query, metrics_in, now, panel, quantile, rate


def test_boards_use_all_and_only_declared_metrics() -> None:
    assert boards.faults() == []


def test_the_generated_files_match_the_code() -> None:
    assert boards.main(["--check"]) == 0


def test_the_first_panels_are_those_that_bowchat_promised() -> None:
    titles = [shown.title for shown in OVERVIEW.panels()]
    assert titles[:5] == [
        "Consumer lag", "PostgreSQL connections", "HTTP error rate", "Threads", "Memory",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("expression", "metrics"),
    [
        (now("ws_open_sockets", "").expression, {"ws_open_sockets"}),
        (
            rate("ws_acknowledged_bids_total", "", by="group").expression,
            {"ws_acknowledged_bids_total"},
        ),
        (quantile("lane_wait_seconds", 0.5, "", by="topic").expression, {"lane_wait_seconds"}),
        (
            'max by (group, topic) (group_lag_seconds{topic="auction-bid"}) > 5',
            {"group_lag_seconds"},
        ),
        ("sum(pool_used_connections) / on (pool_name) sum(b_c)", {"pool_used_connections", "b_c"}),
        ("max_over_time(ws_queued_bytes[5m]) or on() vector(0)", {"ws_queued_bytes"}),
    ],
)
def test_metrics_are_distinguished_from_functions_and_labels(
    expression: str, metrics: set[str]
) -> None:
    assert metrics_in(expression) == metrics


def test_an_undeclared_metric_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = panel("Wrong", "s", Query("max(no_such_seconds)", ""))
    alert = Alert("Wrong", "no_such_bids_total", "> 0", "0s", "page", "", "nowhere.md#x")
    monkeypatch.setattr(boards, "all_panels", lambda: [(BOARDS[0], wrong)])
    monkeypatch.setattr(boards, "ALERTS", [alert])
    assert boards.main(["--check"]) == 1
    stderr = capsys.readouterr().err
    assert "board Overview, panel Wrong: no metric is called no_such_seconds" in stderr
    assert "alert Wrong: no metric is called no_such_bids_total" in stderr
    assert "alert Wrong: nowhere.md#x is not there" in stderr


def test_a_run_book_needs_its_page_and_its_heading(monkeypatch: pytest.MonkeyPatch) -> None:
    right_anchor = replace(ALERTS[0], run_book="overload.md#how-a-gateway-knows")
    wrong_anchor = replace(ALERTS[0], run_book="overload.md#how-nobody-knows")
    monkeypatch.setattr(boards, "ALERTS", [right_anchor, wrong_anchor])
    assert boards.faults() == ["alert HouseNotScraped: overload.md#how-nobody-knows is not there"]


def test_every_panel_has_an_id_and_every_query_a_letter() -> None:
    for path, text in boards.files().items():
        if path.suffix == ".json":
            panels = json.loads(text)["panels"]
            assert len({one["id"] for one in panels}) == len(panels)
            letters = [[one["refId"] for one in p.get("targets", [])] for p in panels]
            assert all(len(set(found)) == len(found) and "" not in found for found in letters)
