"""Metrics are an interface: what is declared."""

import pytest

from app.observability import metrics
from app.observability.reference import LABELS, PAGE, main, reference
from bridge.__main__ import PIPELINES
from lanes import metrics as lane_metrics
from lanes.declarations import DECLARED, Declaration

UNITS = {
    "bids", "bytes", "calls", "connections", "conflicts", "failures", "frames", "greenlets",
    "lanes", "mails", "messages", "partitions", "receipts", "records", "requests", "restarts",
    "retries", "rows", "seconds", "settles", "sockets", "tasks", "threads", "transactions",
}  # fmt: skip
PARTS = {
    "auction", "backlog", "broadcast", "gateway", "group", "housekeeping", "ingest", "lane", "mail",
    "pipeline", "pool", "postgres", "process", "queue", "relay", "save", "ws",
}  # fmt: skip
OF_A_LIBRARY = ("http_", "exporter_")
OURS = [one for one in DECLARED if not one.name.startswith(OF_A_LIBRARY)]


def name_of(one: Declaration) -> str:
    return one.name


@pytest.mark.parametrize("one", OURS, ids=name_of)
def test_a_metric_has_a_unit_a_prefix_and_a_help_text(one: Declaration) -> None:
    assert one.unit in UNITS
    assert one.name.partition("_")[0] in PARTS
    assert one.meaning.endswith(".")


@pytest.mark.parametrize("one", DECLARED, ids=name_of)
def test_labels_come_from_closed_sets(one: Declaration) -> None:
    assert set(one.labels) <= LABELS.keys()


def test_every_label_and_every_metric_is_declared_once_and_used() -> None:
    names = [one.name for one in DECLARED]
    assert len(set(names)) == len(names)
    assert LABELS.keys() == {label for one in DECLARED for label in one.labels}


def test_declared_and_registered_metrics_are_the_same() -> None:
    made = {
        family.name + ("_total" if family.type == "counter" else "")
        for value in (*vars(metrics).values(), *vars(lane_metrics).values())
        if hasattr(value, "describe")
        for family in value.describe()
    }
    assert made == {one.name for one in OURS}


def test_pipelines_are_those_of_the_bridge() -> None:
    listed = {value.partition(":")[0] for value in LABELS["pipeline"].values}
    assert listed == PIPELINES.keys()


def test_the_page_lists_every_metric_with_its_labels() -> None:
    lines = reference().splitlines()
    for one in DECLARED:
        (line,) = [line for line in lines if line.startswith(f"| `{one.name}` |")]
        assert all(f"`{label}`" in line for label in one.labels)
    assert PAGE.read_text(encoding="utf-8") == reference()


def test_a_page_that_is_behind_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--check"]) == 0
    monkeypatch.setattr("app.observability.reference.DECLARED", OURS[1:])
    assert main(["--check"]) == 1
    assert "docs/metrics.md" in capsys.readouterr().out
