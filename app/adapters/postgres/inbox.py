"""The inbox, its progress and the outbox: all SQL of the lanes that is not an auction's."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection

from app.services.lanes import InboxRecord, OutboxMessage, VersionConflictError

PROGRESS = """
SELECT partition, next_offset, topic_id FROM ingest_progress WHERE topic = %s"""

BEGIN_PROGRESS = """
INSERT INTO ingest_progress (topic, partition, topic_id, next_offset) VALUES (%s, %s, %s, %s)
ON CONFLICT DO NOTHING"""

MOVE_PROGRESS = """
UPDATE ingest_progress SET next_offset = %s
WHERE topic = %s AND partition = %s AND next_offset = %s"""

TAKE = """
INSERT INTO inbox (topic, partition, "offset", key, payload, log_time)
SELECT topic, partition, "offset", key, payload, log_time
FROM json_to_recordset(%s) AS r(
  topic text, partition int, "offset" bigint, key text, payload text, log_time timestamptz)"""

DEAD_LETTER = """
INSERT INTO dead_letters (topic, partition, "offset", key, payload, log_time, reason, message)
VALUES (%s, %s, %s, %s, encode(%s, 'base64'), %s, %s, %s) ON CONFLICT DO NOTHING"""

READ_LANE = """
SELECT topic, partition, "offset", key, payload, log_time FROM inbox
WHERE topic = %s AND key = %s ORDER BY "offset" LIMIT %s"""

SETTLED = """
DELETE FROM inbox WHERE topic = %s AND partition = %s AND "offset" = ANY(%s)"""

BACKLOG = """
SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(log_time)), 0)::float8
FROM (SELECT log_time FROM inbox LIMIT %s) AS counted"""

WAITING_LANES = """
SELECT DISTINCT topic, key FROM inbox WHERE taken_at < now() - make_interval(secs => %s) LIMIT %s"""

SEND = """
INSERT INTO outbox (topic, key, payload)
SELECT topic, key, payload FROM json_to_recordset(%s) AS r(topic text, key text, payload text)"""

NOTIFY_OUTBOX = "NOTIFY outbox"

NEXT_OUT = """
SELECT id, topic, key, payload, created_at FROM (
  SELECT *, sum(octet_length(payload)) OVER (ORDER BY id) - octet_length(payload) AS bytes_before
  FROM (SELECT id, topic, key, payload, created_at FROM outbox ORDER BY id LIMIT %s) AS oldest
) AS counted WHERE bytes_before < %s ORDER BY id"""

SENT = "DELETE FROM outbox WHERE id = ANY(%s)"


def progress_of(connection: Connection, topic: str) -> dict[int, tuple[int, str]]:
    """Per partition the next offset to take and the id the topic had when first taken from."""
    rows = connection.exec_driver_sql(PROGRESS, (topic,))
    return {partition: (offset, topic_id) for partition, offset, topic_id in rows}


def begin_progress(
    connection: Connection, *, topic: str, partition: int, topic_id: str, offset: int
) -> None:
    """Start taking a partition at `offset`, unless that was done before."""
    connection.exec_driver_sql(BEGIN_PROGRESS, (topic, partition, topic_id, offset))


def move_progress(
    connection: Connection, *, topic: str, partition: int, expected: int, following: int
) -> bool:
    """Whether progress stood at `expected` and was moved: the fence between two owners."""
    parameters = (following, topic, partition, expected)
    return connection.exec_driver_sql(MOVE_PROGRESS, parameters).rowcount == 1


def take(connection: Connection, records: Sequence[InboxRecord]) -> None:
    """Put records into the inbox."""
    if records:
        connection.exec_driver_sql(TAKE, (_json(records),))


def dead_letter(
    connection: Connection,
    *,
    position: tuple[str, int, int],
    key: bytes | None,
    value: bytes,
    log_time: datetime,
    reason: str,
    message: str,
) -> None:
    """Keep a record that nobody can decode, with its original bytes."""
    shown_key = None if key is None else key.decode("utf-8", errors="replace").replace("\0", "�")
    connection.exec_driver_sql(
        DEAD_LETTER, (*position, shown_key, value, log_time, reason, message)
    )


def read_lane(connection: Connection, *, topic: str, key: str, limit: int) -> list[InboxRecord]:
    """The oldest records of a lane, in offset order."""
    return [InboxRecord(*row) for row in connection.exec_driver_sql(READ_LANE, (topic, key, limit))]


def delete_settled(connection: Connection, records: Sequence[InboxRecord]) -> None:
    """Remove exactly `records` of one lane; VersionConflictError when one is gone already."""
    first = records[0]
    offsets = [record.offset for record in records]
    result = connection.exec_driver_sql(SETTLED, (first.topic, first.partition, offsets))
    if result.rowcount != len(records):
        raise VersionConflictError(f"{first.topic}/{first.key}")


def backlog(connection: Connection, *, at_most: int) -> tuple[int, float]:
    """How many records wait, counted no further than `at_most`; the age of their oldest, in s."""
    count, age_s = connection.exec_driver_sql(BACKLOG, (at_most,)).one()
    return count, max(0.0, age_s)


def waiting_lanes(
    connection: Connection, *, older_than_s: float, limit: int
) -> list[tuple[str, str]]:
    """Lanes (topic, key) in which a record has waited for longer than that."""
    rows = connection.exec_driver_sql(WAITING_LANES, (older_than_s, limit))
    return [(topic, key) for topic, key in rows]


def send(connection: Connection, messages: Sequence[OutboxMessage]) -> None:
    """Hand messages to the relay; the last statement of a transaction, so ids rise per lane."""
    if messages:
        connection.exec_driver_sql(SEND, (_json(messages),))
        connection.exec_driver_sql(NOTIFY_OUTBOX)


def next_out(
    connection: Connection, *, limit: int, bytes_max: int
) -> list[tuple[int, OutboxMessage, datetime]]:
    """The oldest messages not yet sent, each with its id and the time it was written: the first,
    and more up to `bytes_max`."""
    rows = connection.exec_driver_sql(NEXT_OUT, (limit, bytes_max))
    return [
        (row_id, OutboxMessage(topic, key, payload), written_at)
        for row_id, topic, key, payload, written_at in rows
    ]


def mark_sent(connection: Connection, ids: Iterable[int]) -> None:
    """Forget messages that Kafka has acknowledged."""
    connection.exec_driver_sql(SENT, (list(ids),))


def _json(rows: Sequence[Any]) -> str:
    return msgspec.json.encode(rows).decode()
