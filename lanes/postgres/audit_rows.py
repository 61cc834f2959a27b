"""What the audit reads from the platform's tables, all in one snapshot; knows no auction."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine

from lanes.audit.ports import ParkedLane, Selection, Unpublished, Waiting
from lanes.postgres.statements import execute, in_schema, schema_of
from lanes.postgres.transactions import transactions

BATCH_ROWS = 2_000

# Between two rows the log may be read for a long time.
_TIMEOUTS = """
SET LOCAL statement_timeout = %(ms)s; SET LOCAL idle_in_transaction_session_timeout = %(ms)s"""

_PROGRESS = "SELECT partition, next_offset FROM lanes.ingest_progress WHERE topic = %s"

_LANES = "(%(lanes)s::text[] IS NULL OR key = ANY(%(lanes)s::text[]))"

_FROM = 'topic = %(topic)s AND partition = %(partition)s AND "offset" >= %(first)s'

_WAITING = f"""
SELECT "offset" FROM lanes.inbox WHERE {_FROM} AND {_LANES} ORDER BY "offset"
"""  # noqa: S608 - of our own constants

_DEAD_LETTERS = f"""
SELECT "offset" FROM lanes.dead_letters WHERE {_FROM} AND {_LANES} ORDER BY "offset"
"""  # noqa: S608 - of our own constants

_OVERDUE = f"""
SELECT topic, partition, "offset", key, extract(epoch FROM now() - taken_at)::float8
FROM lanes.inbox
LEFT JOIN lanes.parked_lanes AS parked USING (topic, key)
WHERE topic = %(topic)s AND taken_at < now() - make_interval(secs => %(older_than_s)s)
  AND parked.key IS NULL AND {_LANES}
ORDER BY taken_at
"""  # noqa: S608 - of our own constants

_PARKED = f"""
SELECT topic, key, reason, message,
  (SELECT count(*) FROM lanes.inbox AS w WHERE (w.topic, w.key) = (p.topic, p.key))
FROM lanes.parked_lanes p WHERE topic = %(topic)s AND {_LANES} ORDER BY key
"""  # noqa: S608 - of our own constants

_UNPUBLISHED = f"""
SELECT id, topic, key, extract(epoch FROM now() - created_at)::float8 FROM lanes.outbox
WHERE created_at < now() - make_interval(secs => %(older_than_s)s) AND {_LANES} ORDER BY id
"""  # noqa: S608 - of our own constants

_OUTBOX = "SELECT key, payload FROM lanes.outbox WHERE topic = %s ORDER BY id"


@contextmanager
def snapshot(engine: Engine, *, timeout_ms: int) -> Iterator[Connection]:
    """Open a transaction in which all reads see the same moment. Raise OutageError."""
    begin = transactions(
        engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    )
    with begin() as connection:
        connection.exec_driver_sql(_TIMEOUTS, {"ms": timeout_ms})
        yield connection


def streamed(transaction: Connection, sql: str, values: Any) -> Iterator[Sequence[Any]]:  # noqa: ANN401 - as drivers take them
    """Yield the rows of a statement, `BATCH_ROWS` at a time in memory."""
    options = {"stream_results": True, "max_row_buffer": BATCH_ROWS}
    statement = in_schema(sql, schema_of(transaction))
    result = transaction.exec_driver_sql(statement, values, execution_options=options)
    for batch in result.partitions(BATCH_ROWS):
        yield from batch


class PostgresLaneRows:
    """The platform's rows about lanes."""

    def progress(self, transaction: Connection, topic: str) -> dict[int, int]:
        """Return by partition the next offset to ingest."""
        rows = execute(transaction, _PROGRESS, (topic,))
        return {row[0]: row[1] for row in rows}

    def waiting(
        self, transaction: Connection, topic: str, *, partition: int, first: int, lanes: Selection
    ) -> Iterator[int]:
        """Yield the offsets of records that are not settled, ascending."""
        return self._offsets(transaction, _WAITING, (topic, partition, first), lanes)

    def dead_letters(
        self, transaction: Connection, topic: str, *, partition: int, first: int, lanes: Selection
    ) -> Iterator[int]:
        """Yield the offsets of dead letters, ascending."""
        return self._offsets(transaction, _DEAD_LETTERS, (topic, partition, first), lanes)

    def overdue(
        self, transaction: Connection, topic: str, *, older_than_s: float, lanes: Selection
    ) -> Iterator[Waiting]:
        """Yield records that have waited for longer than that in lanes that are not parked, oldest
        first."""
        parameters = {"topic": topic, "older_than_s": older_than_s, "lanes": _listed(lanes)}
        return (Waiting(*row) for row in streamed(transaction, _OVERDUE, parameters))

    def parked(self, transaction: Connection, topic: str, lanes: Selection) -> list[ParkedLane]:
        """Return the parked lanes."""
        parameters = {"topic": topic, "lanes": _listed(lanes)}
        return [ParkedLane(*row) for row in execute(transaction, _PARKED, parameters)]

    def unpublished(
        self, transaction: Connection, *, older_than_s: float, lanes: Selection
    ) -> Iterator[Unpublished]:
        """Yield messages of these keys, to any topic, that have been in the outbox for longer than
        that."""
        parameters = {"older_than_s": older_than_s, "lanes": _listed(lanes)}
        return (Unpublished(*row) for row in streamed(transaction, _UNPUBLISHED, parameters))

    def outbox(self, transaction: Connection, topic: str) -> Iterator[tuple[str, str]]:
        """Yield (key, payload) of every message waiting for this topic."""
        return ((row[0], row[1]) for row in streamed(transaction, _OUTBOX, (topic,)))

    def _offsets(
        self, transaction: Connection, sql: str, start: tuple[str, int, int], lanes: Selection
    ) -> Iterator[int]:
        topic, partition, first = start
        parameters = {
            "topic": topic,
            "partition": partition,
            "first": first,
            "lanes": _listed(lanes),
        }
        return (row[0] for row in streamed(transaction, sql, parameters))


def _listed(selection: Selection) -> list[str] | None:
    return None if selection.lanes is None else sorted(selection.lanes)
