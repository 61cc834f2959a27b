"""Archives or deletes old rows, a few at a time, so that nothing grows without bound.

docs/growth.md lists everything that grows, and what bounds it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from app.domain.errors import BusyError
from app.observability import metrics
from app.settings import Limits

# What each chore removes; labels of metrics.
ARCHIVED_BIDS, OLD_NOTICES, OLD_CHAT, REPLAYED_LETTERS = (
    "bids", "notices", "chat_messages", "dead_letters",
)  # fmt: skip
CHORES = (ARCHIVED_BIDS, OLD_NOTICES, OLD_CHAT, REPLAYED_LETTERS)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Removed:
    """What one batch did: `rows` moved or deleted, and whether there is `more` to do."""

    rows: int
    more: bool


class Chore(Protocol):
    """A housekeeping job; `name` is one of `CHORES`."""

    name: str

    def remove(self, limit: int) -> Removed:
        """Move or delete at most about `limit` rows, in one transaction. Raise BusyError."""
        ...


class Housekeeping:
    """Runs all chores one after the other, each in small batches and up to a bound."""

    def __init__(self, chores: Sequence[Chore], *, limits: Limits) -> None:
        self._chores = chores
        self._batch_rows = limits.housekeeping_batch_rows
        self._rows_max = limits.housekeeping_rows_max

    def run(self) -> None:
        """Run each chore's share; one whose store does not answer waits for the next run."""
        for chore in self._chores:
            try:
                self._do(chore)
            except BusyError as error:
                metrics.HOUSEKEEPING_FAILURES.labels(chore.name).inc()
                log.warning("housekeeping_failed", chore=chore.name, error=str(error))

    def _do(self, chore: Chore) -> None:
        removed = Removed(0, more=True)
        total = 0
        while removed.more and total < self._rows_max:
            removed = chore.remove(self._batch_rows)
            total += removed.rows
            metrics.HOUSEKEPT_ROWS.labels(chore.name).inc(removed.rows)
        if total:
            log.info("housekept", chore=chore.name, rows=total, more=removed.more)
