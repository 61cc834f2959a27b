"""Pictures of boards: every panel is on them, with its lines and their legends."""

import math
from pathlib import Path

import pytest
from PIL import Image

from stack.boards import draw as command
from stack.boards.boards import BOARDS, all_panels
from stack.boards.model import Board, Panel, Query
from stack.boards.picture import FORMATTERS, draw, legend_of, lines_of
from stack.boards.query import Series
from stack.storm.window import Window, recall, remember

SIZE_BYTES_MAX = 160_000  # six of them stay below 1 MB
BEGUN_S = 1_000.0


def series(*values: float, **labels: str) -> Series:
    return Series(labels, tuple((BEGUN_S + at, value) for at, value in enumerate(values)))


def test_the_legend_has_the_values_of_the_labels() -> None:
    query = Query("x_y", "{{group}} {{topic}}")
    assert legend_of(query, series(1, group="save", topic="chat")) == "save chat"
    assert legend_of(query, series(1, group="save")) == "save"


def test_x_starts_at_zero_and_empty_lines_are_merged() -> None:
    panel = Panel("P", "s", (Query("x_y", "{{a}}"),))
    found = [series(0, 2, a="up"), series(0, 0, a="b"), series(0, math.nan, a="c")]
    moved, zero = lines_of(panel, lambda _: found, begun_s=BEGUN_S)
    assert (moved.legend, moved.x_s, moved.y) == ("up", [0, 1], [0, 2])
    assert (zero.legend, zero.y) == ("2 others: 0", [0, 0])
    (alone,) = lines_of(panel, lambda _: found[1:2], begun_s=BEGUN_S)
    assert alone.legend == "b: 0"
    (both,) = lines_of(panel, lambda _: found[1:], begun_s=BEGUN_S)
    assert both.legend == "all 2: 0"


def test_a_missing_value_is_not_drawn_as_0() -> None:
    panel = Panel("P", "s", (Query("x_y", "{{a}}"),))
    assert lines_of(panel, lambda _: [series(math.nan, math.nan)], begun_s=BEGUN_S) == []


def test_every_unit_of_a_panel_can_be_written() -> None:
    assert {panel.unit for _, panel in all_panels()} <= FORMATTERS.keys()


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.title)
def test_a_picture_of_a_board_has_all_its_panels(board: Board, tmp_path: Path) -> None:
    made_queries: list[Query] = []

    def ask(query: Query) -> list[Series]:
        made_queries.append(query)
        return [series(*(math.sin(at / 9) + 1 for at in range(60)), process=name) for name in "abc"]

    target = tmp_path / "board.png"
    draw(board, ask, begun_s=BEGUN_S, title="a storm", target=target)
    assert made_queries == [query for panel in board.panels() for query in panel.queries]
    assert target.stat().st_size < SIZE_BYTES_MAX
    with Image.open(target) as picture:
        assert picture.width == 1_600
        assert len(set(picture.convert("L").tobytes())) > 8, "it is empty"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--from", "2026-01-31T12:00:00Z"], "from and to are given both, or neither"),
        (["--from", "noon", "--to", "2026-01-31"], "noon is not a time such as 2026-01-31T12"),
        (["--from", "2026-01-31", "--to", "2026-01-30"], "is no time"),
        (["--until", "now"], "unrecognized arguments: --until now"),
    ],
)
def test_an_invalid_window_is_one_line_and_exit_2(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["--profile", "bench", *arguments]) == 2
    printed = capsys.readouterr()
    assert (printed.out, printed.err.count("\n")) == ("", 1)
    assert complaint in printed.err


def test_the_last_storm_is_remembered(tmp_path: Path) -> None:
    file = tmp_path / "window.json"
    assert recall(file) is None
    remember(Window("spread", "k6", 1.0, 2.0), file)
    remember(Window("storm", "k6", 3.0, 4.0), file)
    assert recall(file) == Window("storm", "k6", 3.0, 4.0)
