"""A report lists the targets first, then every storm, and can be read again."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from stack.bench import report
from stack.bench.report import ABREAST, Report, figures_in, write_report
from stack.faults import UsageFault
from tests.unit.bench.test_sketch import sketched
from tests.unit.bench.test_table import step

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where reports go."""
    monkeypatch.setattr(report, "REPORTS_DIR", tmp_path)
    return tmp_path


def test_floors_and_the_sketch_are_listed_first(directory: Path) -> None:
    merged = Report(
        figures={"held.1": 4_100.0},
        steps=[step()] * (ABREAST + 1),
        sketched=[sketched()],
        notes=["audit: clean"],
    )
    file, text = write_report(merged, now=NOW)
    assert file == directory / "2026-01-31T120000Z.json"
    assert file.with_suffix(".md").read_text(encoding="utf-8") == text
    titles = ["# Benchmark", "| 4,100 |", "Beside the sketch", "- audit: clean", "| offered,"]
    places = [text.index(title) for title in titles]
    assert places == sorted(places)
    assert text.count("| **all** |") == 2
    assert figures_in(file) == {"held.1": 4_100.0}


def test_steps_given_by_options_are_not_compared() -> None:
    _, text = write_report(Report(steps=[step()], has_floors=False), now=NOW)
    assert "floor" not in text


def test_an_invalid_report_is_refused_in_one_line(directory: Path) -> None:
    (directory / "other.json").write_text("[]", encoding="utf-8")
    with pytest.raises(UsageFault, match=r"other\.json is no report"):
        figures_in(directory / "other.json")
