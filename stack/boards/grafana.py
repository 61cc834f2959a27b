"""The boards as Grafana reads them, by its own SDK."""

import itertools
import string

from grafana_foundation_sdk.builders import common, dashboard, prometheus, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import LegendDisplayMode, LegendPlacement
from grafana_foundation_sdk.models.dashboard import DataSourceRef

from stack.boards.model import Board, Panel

SOURCE = DataSourceRef(type_val="prometheus", uid="auction-prometheus")
COLUMNS, HEIGHT = 24, 8


def board_json(board: Board) -> str:
    """The text of one board's file."""
    built = (
        dashboard.Dashboard(board.title)
        .uid(board.uid)
        .description(board.about)
        .tags(["auction"])
        .readonly()
        .refresh("5s")
        .time("now-15m", "now")
    )
    ids = itertools.count(1)
    for title, panels in board.rows:
        built.with_row(dashboard.Row(title).id(next(ids)))
        for panel in panels:
            built.with_panel(_panel(panel, width=COLUMNS // len(panels)).id(next(ids)))
    return JSONEncoder(sort_keys=True, indent=2).encode(built.build()) + "\n"


def _panel(panel: Panel, *, width: int) -> timeseries.Panel:
    built = (
        timeseries.Panel()
        .title(panel.title)
        .description(panel.about)
        .datasource(SOURCE)
        .unit(panel.unit)
        .min(0)
        .span(width)
        .height(HEIGHT)
        .legend(
            common.VizLegendOptions()
            .display_mode(LegendDisplayMode.LIST)
            .placement(LegendPlacement.BOTTOM)
            .show_legend(show_legend=True)
        )
    )
    for letter, query in zip(string.ascii_uppercase, panel.queries, strict=False):
        built.with_target(
            prometheus.Dataquery()
            .ref_id(letter)
            .expr(query.expression)
            .legend_format(query.legend)
            .range()
        )
    return built
