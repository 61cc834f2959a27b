"""`python -m stack.boards.draw --profile NAME`: pictures of all boards into docs/boards.

They show the last storm of `make storm`, or what was from `--from` to `--to`.
"""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from stack.bench.report import conditions
from stack.boards.boards import BOARDS
from stack.boards.model import Query
from stack.boards.picture import draw
from stack.boards.query import PrometheusClient, Series
from stack.faults import Parser, StackFault, UsageFault
from stack.places import CHECKOUT
from stack.progress import shown
from stack.runtime import Stack
from stack.storm.window import WINDOW_FILE, Window, recall

FOLDER = CHECKOUT / "docs" / "boards"
STEP_S = 1.0
RATES_OVER = "10s"  # several scrapes: see stack/servers/prometheus.py
AROUND_S = 5.0  # shown before and after
BY_HAND = "no storm's"  # instead of the script and its driver
PAGE = """\
# The dashboards during a storm

`make up with=prometheus`, `make storm` and `make boards` draw these pictures and write this page:
each dashboard of `stack/boards/boards.py` with all its panels, from Prometheus's data. Rates and
quantiles are over {rates} s. Lines that are 0 throughout are drawn as one.

- {what}, {when}, {seconds:.0f} s
- {machine}, servers and load generator together
- commit {commit}

{boards}
"""


def main(arguments: Sequence[str]) -> int:
    """The exit code: 0, or 2 and one line when there is nothing to draw."""
    parser = Parser(prog="make boards", add_help=False, allow_abbrev=False)
    parser.add_argument("--profile", required=True)
    parser.add_argument("--from", dest="from_")
    parser.add_argument("--to")
    try:
        options = parser.parse_args(arguments)
        window = _window(options.from_, options.to)
        url = Stack.of(options.profile).addresses()["PROMETHEUS_URL"]
        draw_all(PrometheusClient(url), window, FOLDER)
    except StackFault as fault:
        print(f"boards: {fault}", file=sys.stderr)
        return 2
    return 0


def draw_all(prometheus: PrometheusClient, window: Window, folder: Path) -> None:
    """Write a picture of each board and the page that shows them.

    Raises StackFault when Prometheus is not there or knows nothing of that time.
    """
    ask = partial(_ask, prometheus, window)
    if not ask(Query("up", "")):
        raise StackFault("Prometheus has no figures of that time")
    page = _page(window)  # now: pictures that were drawn make another checkout
    folder.mkdir(parents=True, exist_ok=True)
    for board in BOARDS:
        with shown(f"draw {board.title}"):
            target = folder / f"{board.uid.removeprefix('auction-')}.png"
            draw(board, ask, begun_s=window.from_s, title=_what(window), target=target)
    (folder / "README.md").write_text(page, encoding="utf-8")


def _ask(prometheus: PrometheusClient, window: Window, query: Query) -> list[Series]:
    return prometheus.over(
        query.over(RATES_OVER),
        from_s=window.from_s - AROUND_S,
        to_s=window.to_s + AROUND_S,
        step_s=STEP_S,
    )


def _window(from_: str | None, to: str | None) -> Window:
    if from_ and to:
        window = Window(BY_HAND, BY_HAND, _seconds(from_), _seconds(to))
        if window.from_s >= window.to_s:
            raise UsageFault(f"from {from_} to {to} is no time")
        return window
    if from_ or to:
        raise UsageFault("from and to are given both, or neither")
    window_of_storm = recall(WINDOW_FILE)
    if window_of_storm is None:
        raise UsageFault("no storm was driven yet: `make storm`, or from=… to=…")
    return window_of_storm


def _seconds(text: str) -> float:
    """Seconds since 1970 of a time as `2026-01-31T12:00:00Z`."""
    try:
        then = datetime.fromisoformat(text)
    except ValueError:
        raise UsageFault(f"{text} is not a time such as 2026-01-31T12:00:00Z") from None
    return (then if then.tzinfo else then.replace(tzinfo=UTC)).timestamp()


def _what(window: Window) -> str:
    if window.script == BY_HAND:
        return "figures of the running house"
    return f"make storm script={window.script}, driven by {window.driver}"


def _page(window: Window) -> str:
    boards = "\n\n".join(
        f"## {board.title}\n{board.about}\n\n"
        f"![{board.title}]({board.uid.removeprefix('auction-')}.png)"
        for board in BOARDS
    )
    when = datetime.fromtimestamp(window.from_s, UTC).strftime("%Y-%m-%d %H:%M UTC")
    found = conditions()
    return PAGE.format(
        rates=RATES_OVER.removesuffix("s"),
        what=_what(window),
        when=when,
        seconds=window.to_s - window.from_s,
        boards=boards,
        commit=found["commit"],
        machine="{cpus} cores ({cpu}), Linux {kernel}, Python {python}".format(**found),
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
