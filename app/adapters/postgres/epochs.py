"""The port `Database`: what a database reports about itself, over a connection of the driver's."""

from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any

import psycopg2
from sqlalchemy import Engine, event

from app.domain.errors import UnavailableError
from app.services.epochs import DatabaseGuard, Epoch, LostIds

# The server's start tells a restored database from the one before: no file of it is replaced while
# it runs. The table's number tells one that was made again under the same name.
_EPOCHS = """
SELECT name, admitted, gone, published,
  pg_postmaster_start_time()::text || ' ' || 'epochs'::regclass::oid || ' ' ||
  (SELECT oid FROM pg_database WHERE datname = current_database())
FROM epochs ORDER BY id"""

_ADMIT = "UPDATE epochs SET admitted = %s WHERE name = %s"

_PROGRESS = "SELECT partition, next_offset FROM lanes.ingest_progress WHERE topic = %s"

_VERSIONS = "SELECT id, version FROM auctions WHERE id = ANY(%s)"

_LAST_USER = """
SELECT greatest(coalesce((SELECT last_value FROM pg_sequences
    WHERE schemaname = current_schema() AND sequencename = 'users_id_seq'), 0),
  coalesce((SELECT max(id) FROM users), 0))"""

NO_EPOCH = "the database has no epoch: run `alembic upgrade head`"


class ConnectedDatabase:
    """The database at the other end of a connection that is in no transaction."""

    def __init__(self, connection: Any) -> None:  # noqa: ANN401 - the driver's own
        self._connection = connection

    def epoch(self) -> Epoch:
        """Return the newest epoch, with the lost ids of all. Raise BusyError before migrations."""
        try:
            rows = self._rows(_EPOCHS)
        except psycopg2.errors.UndefinedTable as error:
            raise UnavailableError(NO_EPOCH) from error
        if not rows:
            raise UnavailableError(NO_EPOCH)
        name, admitted, _, published, server = rows[-1]
        ends = {int(partition): offset for partition, offset in published.items()}
        return Epoch(name, server, admitted, _all_lost_ids([row[2] for row in rows]), ends)

    def record_admitted(self, epoch: Epoch) -> None:
        """Let other processes admit the server without a check while it runs and takes writes."""
        # A standby may be read; what it takes no note of is found out again once it is promoted.
        with suppress(psycopg2.errors.ReadOnlySqlTransaction), self._connection.cursor() as cursor:
            cursor.execute(_ADMIT, (epoch.server, epoch.name))

    def progress(self, topic: str) -> dict[int, int]:
        """Return by partition the next offset to ingest."""
        return dict(self._rows(_PROGRESS, topic))

    def versions(self, auction_ids: Collection[int]) -> dict[int, int]:
        """Return the versions of those auctions that exist."""
        return dict(self._rows(_VERSIONS, list(auction_ids)))

    def last_user_id(self) -> int:
        """Return the greatest user id ever assigned."""
        return int(self._rows(_LAST_USER)[0][0])

    def _rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(sql, values)
            return list(cursor.fetchall())


def guard_connections(engine: Engine, guard: Callable[[], DatabaseGuard]) -> None:
    """Let `engine` return no connection to a database that the guard does not admit."""

    def connected(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own
        try:
            connection.autocommit = True
            guard().admit(ConnectedDatabase(connection))
            connection.autocommit = False
        except BaseException:
            connection.close()
            raise

    event.listen(engine, "connect", connected)


def _all_lost_ids(rows: list[dict[str, list[list[int]]]]) -> LostIds:
    ranges: dict[str, list[tuple[int, int]]] = {}
    for row in rows:
        for kind, found in row.items():
            ranges.setdefault(kind, []).extend((first, last) for first, last in found)
    return LostIds(ranges)
