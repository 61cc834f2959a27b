"""Auctions that are due, found by two partial indexes."""

from datetime import datetime

from sqlalchemy import Engine

DUE_MAX = 500

DUE_STARTS = """
SELECT id FROM auctions WHERE status = 'scheduled' AND starts_at <= %s
ORDER BY starts_at LIMIT %s"""

DUE_ENDS = """
SELECT id FROM auctions WHERE status = 'open' AND ends_at <= %s
ORDER BY ends_at LIMIT %s"""

NEXT_DUE = """
SELECT least((SELECT min(starts_at) FROM auctions WHERE status = 'scheduled'),
             (SELECT min(ends_at) FROM auctions WHERE status = 'open'))"""


class PostgresDueStore:
    """DueStore by SQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def due_starts(self, now: datetime) -> list[int]:
        """Return scheduled auctions whose start has passed."""
        return self._ids(DUE_STARTS, now)

    def due_ends(self, now: datetime) -> list[int]:
        """Return open auctions whose effective end has passed."""
        return self._ids(DUE_ENDS, now)

    def next_due(self) -> datetime | None:
        """Return the earliest start or end that is still ahead."""
        with self._engine.connect() as connection:
            upcoming: datetime | None = connection.exec_driver_sql(NEXT_DUE).scalar()
            return upcoming

    def _ids(self, statement: str, now: datetime) -> list[int]:
        with self._engine.connect() as connection:
            return [row[0] for row in connection.exec_driver_sql(statement, (now, DUE_MAX))]
