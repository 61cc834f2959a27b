"""Draws a board with matplotlib: all its panels, as they were over one storm."""

import io
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, Formatter, FuncFormatter, PercentFormatter
from PIL import Image

from stack.boards.model import Board, Panel, Query
from stack.boards.query import Series

DOTS_PER_INCH = 80
WIDTH_INCHES, ROW_INCHES = 20.0, 3.9
COLORS_MAX = 64  # of a picture's palette: lines and letters need no more, and it stays small
# Ten strong ones, then the pale ones of the same.
COLORS = colormaps["tab20"]([*range(0, 20, 2), *range(1, 20, 2)])


def _plain(value: float, _: int | None = None) -> str:
    """A number without the small prefixes: 800m/s is not a rate."""
    return f"{value / 1_000:g}k" if value >= 1_000 else f"{value:g}"


def _per_second(value: float, _: int | None = None) -> str:
    return f"{_plain(value)}/s"


FORMATTERS: Mapping[str, Callable[[], Formatter]] = {
    "s": lambda: EngFormatter(unit="s"),
    "bytes": lambda: EngFormatter(unit="B"),
    "ops": lambda: FuncFormatter(_per_second),
    "reqps": lambda: FuncFormatter(_per_second),
    "percentunit": lambda: PercentFormatter(1.0),
    "short": lambda: FuncFormatter(_plain),
}
LABEL = re.compile(r"\{\{(\w+)\}\}")

# What Prometheus gives for an expression over the time that is drawn.
Ask = Callable[[Query], Sequence[Series]]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a panel; x counts from the storm's beginning."""

    legend: str
    x_s: Sequence[float]
    y: Sequence[float]

    @property
    def is_zero(self) -> bool:
        """Whether it is 0 whenever there is a figure."""
        return not any(value for value in self.y if not math.isnan(value))


def draw(board: Board, ask: Ask, *, begun_s: float, title: str, target: Path) -> None:
    """Write the picture of a board. Raises what `ask` raises."""
    figure = Figure(
        figsize=(WIDTH_INCHES, ROW_INCHES * len(board.rows)),
        dpi=DOTS_PER_INCH,
        layout="constrained",
    )
    figure.suptitle(f"{board.title}: {title} (x: seconds since it began)", fontsize=13)
    lines = {panel: lines_of(panel, ask, begun_s=begun_s) for panel in board.panels()}
    times = [x for ones in lines.values() for line in ones for x in line.x_s]
    parts = figure.subfigures(len(board.rows), squeeze=False)
    for part, (name, panels) in zip(parts[:, 0], board.rows, strict=True):
        part.suptitle(name, fontsize=11, x=0.005, ha="left", fontweight="bold")
        axes = part.subplots(1, len(panels), squeeze=False)
        for one, panel in zip(axes[0], panels, strict=True):
            _plot(one, panel, lines[panel])
            one.set_xlim(min(times, default=0), max(times, default=1))
    _save(figure, target)


def lines_of(panel: Panel, ask: Ask, *, begun_s: float) -> list[Line]:
    """The lines of a panel, those that are 0 throughout as one; none without a figure."""
    lines = [
        Line(
            legend_of(query, series),
            [at_s - begun_s for at_s, _ in series.points],
            [value for _, value in series.points],
        )
        for query in panel.queries
        for series in ask(query)
        if not all(math.isnan(value) for _, value in series.points)
    ]
    moved = [line for line in lines if not line.is_zero]
    zero = [line for line in lines if line.is_zero]
    if len(zero) > 1:
        name = f"{len(zero)} others" if moved else f"all {len(zero)}"
        zero = [replace(zero[0], legend=name)]
    return [*moved, *(replace(line, legend=f"{line.legend}: 0") for line in zero)]


def legend_of(query: Query, series: Series) -> str:
    """The legend with the values of the series' labels."""
    return LABEL.sub(lambda found: series.labels.get(found[1], ""), query.legend).strip() or "-"


def _plot(axes: Axes, panel: Panel, lines: Sequence[Line]) -> None:
    axes.set_prop_cycle(color=COLORS)
    for line in lines:
        axes.plot(line.x_s, line.y, label=line.legend, linewidth=1.2, clip_on=False)
    axes.set_title(panel.title, fontsize=10)
    top = max((y for line in lines for y in line.y if math.isfinite(y)), default=0.0)
    axes.set_ylim(0, top * 1.05 or 1.0)
    axes.yaxis.set_major_formatter(FORMATTERS[panel.unit]())
    axes.tick_params(labelsize=8)
    axes.grid(visible=True, alpha=0.3)
    if not top:
        axes.set_yticks([0])
    if not lines:
        axes.text(0.5, 0.5, "no figures", transform=axes.transAxes, ha="center", color="gray")
        return
    axes.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, -0.1),
        ncols=2,
        fontsize=7,
        frameon=False,
    )


def _save(figure: Figure, target: Path) -> None:
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png")
    picture = Image.open(drawn).convert("RGB").quantize(COLORS_MAX)
    picture.save(target, optimize=True)
