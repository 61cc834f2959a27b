"""The file in which the watcher tells what it counted, for `make status` and for `/readyz`:

    {"written_at": 1700000000.0, "dying": ["beat"], "processes": {"beat":
        {"state": "RUNNING", "pid": 7, "started_at": 1700000000.0, "restarts": 3, "dying": true}}}

Times are seconds since 1970; a pid is 0 while nothing runs.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def read_facts(file: Path) -> dict[str, Any]:
    """The file's content; no processes when it is not there yet."""
    try:
        facts: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {"written_at": 0.0, "dying": [], "processes": {}}
    return facts


def write_facts(file: Path, facts: Mapping[str, Any]) -> None:
    """Replace the file at once, so that no reader sees half of it."""
    draft = file.with_suffix(".new")
    draft.write_text(json.dumps(facts), encoding="utf-8")
    draft.replace(file)
