"""`python -m stack.boards` writes the files of grafana/ that are made of code, and says which.

With `--check` it writes nothing, and names every file that is not what it would write and every
metric that a board or an alert asks for and nobody declares; then it exits with 1.
"""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from app.observability import metrics as _declares  # noqa: F401 - declares them
from lanes.declarations import DECLARED
from stack.boards.alerts import ALERTS
from stack.boards.boards import BOARDS, all_panels
from stack.boards.grafana import board_json
from stack.boards.model import metrics_in
from stack.places import CHECKOUT

FOLDER = CHECKOUT / "grafana"
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
HEADER = "# Made by `make docs` from stack/boards/alerts.py: change that, not this.\n"


def files() -> dict[Path, str]:
    """What is made, by the file it is in."""
    made = {FOLDER / "boards" / f"{board.uid}.json": board_json(board) for board in BOARDS}
    rules = {"groups": [{"name": "auction", "rules": [alert.rule() for alert in ALERTS]}]}
    text = yaml.safe_dump(rules, sort_keys=False, width=100, allow_unicode=True)
    return {**made, FOLDER / "prometheus" / "alerts.yml": HEADER + text}


def faults() -> list[str]:
    """Metrics that nobody declares, those that no board shows, run books that are not there."""
    declared = {one.name for one in DECLARED}
    asked = [
        (f"board {board.title}, panel {panel.title}", query.expression)
        for board, panel in all_panels()
        for query in panel.queries
    ]
    shown = {name for _, expression in asked for name in metrics_in(expression)}
    asked += [(f"alert {alert.name}", alert.expression) for alert in ALERTS]
    found = [
        f"{where}: no metric is called {name}"
        for where, expression in asked
        for name in sorted(metrics_in(expression) - declared)
    ]
    found += [f"no board shows {name}" for name in sorted(declared - shown - {"exporter_info"})]
    return found + [
        f"alert {alert.name}: {alert.run_book} is not there"
        for alert in ALERTS
        if not _is_there(alert.run_book)
    ]


def _is_there(run_book: str) -> bool:
    page, _, anchor = run_book.partition("#")
    file = CHECKOUT / "docs" / page
    if not file.exists():
        return False
    headings = HEADING.findall(file.read_text(encoding="utf-8"))
    return anchor in {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}


def main(arguments: Sequence[str]) -> int:
    """The exit code."""
    wrong = faults()
    for path, text in files().items():
        is_same = path.exists() and path.read_text(encoding="utf-8") == text
        if "--check" in arguments:
            if not is_same:
                wrong.append(f"{path.relative_to(CHECKOUT)} is not what is made: make docs")
        elif not is_same:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(path.relative_to(CHECKOUT))
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
