"""Restarts, as the supervisor's watcher counts them in its file (stack/facts.py)."""

from pathlib import Path

import msgspec
from msgspec import Struct

from app.observability import metrics


class Fact(Struct, frozen=True):
    """The watcher's record of one process, as far as it is used here."""

    restarts: int


class Facts(Struct, frozen=True):
    """The watcher's file."""

    processes: dict[str, Fact]


def measure_restarts(file: Path) -> None:
    """Set the restarts of every process; of none while there is no file."""
    try:
        facts = msgspec.json.decode(file.read_bytes(), type=Facts)
    except FileNotFoundError:
        return
    for name, fact in facts.processes.items():
        metrics.RESTARTS.labels(name).set(fact.restarts)
