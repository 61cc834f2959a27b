"""The hot SQL of the platform: ingesting records, reading a lane, removing settled records.

The classes are the ports of lanes/handler.py; a transaction is a connection in one.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection

from lanes.dead_letter import Parking
from lanes.errors import VersionConflictError
from lanes.postgres.prepared import Prepared, array
from lanes.postgres.statements import execute
from lanes.record import InboxRecord, OutboxMessage

LANE_LOCKS = 1  # the class of advisory locks of lanes; relay and clock have single numbers

PROGRESS = """
SELECT partition, next_offset, topic_id FROM lanes.ingest_progress WHERE topic = %s"""

BEGIN_PROGRESS = """
INSERT INTO lanes.ingest_progress (topic, partition, topic_id, next_offset) VALUES (%s, %s, %s, %s)
ON CONFLICT DO NOTHING"""

MOVE_PROGRESS = """
UPDATE lanes.ingest_progress SET next_offset = %s
WHERE topic = %s AND partition = %s AND next_offset = %s"""

INSERT = """
INSERT INTO lanes.inbox (topic, partition, "offset", key, payload, log_time, replays, traceparent,
  headers)
SELECT topic, partition, "offset", key, payload, log_time, replays, traceparent, headers
FROM json_to_recordset(%s) AS r(topic text, partition int, "offset" bigint, key text,
  payload text, log_time timestamptz, replays smallint, traceparent text, headers text)"""

# The records of a lane that is not parked; the driver and prepared statements name values each in
# their own way.
_WAITING = """
SELECT topic, partition, "offset", key, payload, log_time, attempts, first_failed_at, replays,
  extract(epoch FROM taken_at)::float8, traceparent, headers
FROM lanes.inbox
WHERE topic = {topic} AND key = {key}
  AND NOT EXISTS (SELECT FROM lanes.parked_lanes WHERE topic = {topic} AND key = {key})"""
_RECORD = _WAITING.format(topic="%(topic)s", key="%(key)s")

READ = (
    _RECORD
    + """
ORDER BY "offset" LIMIT %(limit)s"""
)

READ_THOSE = (
    _RECORD
    + """
  AND "offset" = ANY(%(offsets)s) ORDER BY "offset" """
)

# A row without a record says that the lane was claimed and that nothing waits in it. A claim goes
# with its transaction, and so with the connection of a process that dies; one that is frozen loses
# it, as all its locks, after `idle_transaction_ms`.
CLAIM = Prepared(
    "lane_claim",
    ("text", "text[]", "int"),
    f"""
WITH claimed AS MATERIALIZED (
  SELECT key, pg_try_advisory_xact_lock({LANE_LOCKS}, hashtext($1 || '/' || key)) AS is_ours
  FROM unnest($2) AS key)
SELECT claimed.key, waiting.*
FROM claimed LEFT JOIN LATERAL ({_WAITING.format(topic="$1", key="claimed.key")}
  ORDER BY "offset" LIMIT $3) AS waiting ON true
WHERE is_ours""",  # noqa: S608 - our constants
    first=True,
)

# Records are found one by one (OFFSET), so that no plan for many reads more of the inbox; by both
# partition and key, so that either index finds one alone. A lane's offsets come as text, because
# there are no arrays of arrays of unequal lengths.
SETTLE = Prepared(
    "lane_settle",
    ("text", "int[]", *["text[]"] * 7),
    """
WITH removed AS (
  DELETE FROM lanes.inbox WHERE ctid = ANY (ARRAY(
    SELECT found.ctid FROM unnest($2, $3, $4) AS lane (partition, key, offsets),
      unnest(lane.offsets::bigint[]) AS record ("offset"), LATERAL (
        SELECT ctid FROM lanes.inbox WHERE topic = $1 AND partition = lane.partition
          AND key = lane.key AND "offset" = record."offset" OFFSET 0) AS found)) RETURNING 1
), sent AS (
  INSERT INTO lanes.outbox (topic, key, payload, traceparent, headers)
  SELECT * FROM unnest($5, $6, $7, $8, $9)
)
SELECT count(*), pg_notify('outbox', '') FROM removed""",
)

COUNT_FAILURE = """
UPDATE lanes.inbox SET attempts = attempts + 1, first_failed_at = coalesce(first_failed_at, now())
WHERE topic = %s AND partition = %s AND "offset" = ANY(%s)"""

PARK = """
INSERT INTO lanes.parked_lanes (topic, key, reason, message) VALUES (%s, %s, %s, %s)
ON CONFLICT DO NOTHING"""

WAITING_LANES = """
SELECT DISTINCT topic, key FROM lanes.inbox
WHERE taken_at < now() - make_interval(secs => %s)
  AND (topic, key) NOT IN (SELECT topic, key FROM lanes.parked_lanes)
LIMIT %s"""

SEND = """
INSERT INTO lanes.outbox (topic, key, payload, traceparent, headers)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[])"""

NOTIFY_OUTBOX = "NOTIFY outbox"


class PostgresInboxWriter:
    """The port Intake."""

    def progress_of(self, transaction: Connection, topic: str) -> dict[int, tuple[int, str]]:
        """Return by partition the next offset to ingest and the id the topic had at first."""
        rows = execute(transaction, PROGRESS, (topic,))
        return {partition: (offset, topic_id) for partition, offset, topic_id in rows}

    def begin_progress(
        self, transaction: Connection, *, topic: str, partition: int, topic_id: str, offset: int
    ) -> None:
        """Create the progress of a partition at `offset`, unless there is one."""
        execute(transaction, BEGIN_PROGRESS, (topic, partition, topic_id, offset))

    def move_progress(
        self,
        transaction: Connection,
        *,
        topic: str,
        partition: int,
        expected: int,
        next_offset: int,
    ) -> bool:
        """Move progress from `expected`; return False when it was elsewhere: the fence between two
        owners."""
        parameters = (next_offset, topic, partition, expected)
        return execute(transaction, MOVE_PROGRESS, parameters).rowcount == 1

    def insert(self, transaction: Connection, records: Sequence[InboxRecord]) -> None:
        """Insert records into the inbox."""
        if records:
            execute(transaction, INSERT, (_json(records),))


class PostgresLanes:
    """The port Lanes."""

    def claim(
        self, transaction: Connection, *, topic: str, keys: Sequence[str], limit: int
    ) -> dict[str, list[InboxRecord]]:
        """Claim lanes until the transaction ends, and read each; those of others are left out."""
        lanes: dict[str, list[InboxRecord]] = {}
        for key, *record in CLAIM.execute(transaction, topic, list(keys), limit):
            waiting = lanes.setdefault(key, [])
            if record[0] is not None:
                waiting.append(InboxRecord(*record))
        return lanes

    def read(
        self, transaction: Connection, *, topic: str, key: str, limit: int
    ) -> list[InboxRecord]:
        """Return the oldest records of a lane, in offset order; none of a parked lane."""
        parameters = {"topic": topic, "key": key, "limit": limit}
        return [InboxRecord(*row) for row in execute(transaction, READ, parameters)]

    def read_those(
        self, transaction: Connection, *, topic: str, key: str, offsets: Sequence[int]
    ) -> list[InboxRecord]:
        """Return those of the named records that still wait, in offset order; none of a parked
        lane."""
        parameters = {"topic": topic, "key": key, "offsets": list(offsets)}
        return [InboxRecord(*row) for row in execute(transaction, READ_THOSE, parameters)]

    def settle(
        self,
        transaction: Connection,
        records: Sequence[InboxRecord],
        messages: Sequence[OutboxMessage],
    ) -> None:
        """Remove exactly `records`, all of one topic, and hand messages to the relay.

        Raise VersionConflictError when one of the records is gone already.
        """
        lanes: dict[tuple[int, str], list[int]] = {}
        for record in records:
            lanes.setdefault((record.partition, record.key), []).append(record.offset)
        ((removed, _),) = SETTLE.execute(
            transaction,
            records[0].topic,
            array(partition for partition, _ in lanes),
            [key for _, key in lanes],
            [array(offsets) for offsets in lanes.values()],
            *_columns(messages),
        )
        if removed != len(records):
            raise VersionConflictError(f"{records[0].topic}/{records[0].key}")

    def count_failure(self, transaction: Connection, records: Sequence[InboxRecord]) -> None:
        """Count one more failed settle of each record."""
        topic, partition = records[0].topic, records[0].partition
        offsets = [record.offset for record in records]
        execute(transaction, COUNT_FAILURE, (topic, partition, offsets))

    def park(self, transaction: Connection, *, topic: str, key: str, parking: Parking) -> bool:
        """Park the lane until an operator unparks it; return False when it was parked before."""
        parameters = (topic, key, parking.reason, parking.message)
        return execute(transaction, PARK, parameters).rowcount == 1


def send(connection: Connection, messages: Sequence[OutboxMessage]) -> None:
    """Hand messages to the relay; the last statement of a transaction, so ids rise per lane."""
    if messages:
        execute(connection, SEND, _columns(messages))
        execute(connection, NOTIFY_OUTBOX)


def waiting_lanes(
    connection: Connection, *, older_than_s: float, limit: int
) -> list[tuple[str, str]]:
    """Return the lanes (topic, key) with a record that has waited for longer than that, parked ones
    excluded."""
    rows = execute(connection, WAITING_LANES, (older_than_s, limit))
    return [(topic, key) for topic, key in rows]


def _columns(messages: Sequence[OutboxMessage]) -> tuple[list[str | None], ...]:
    rows = [(one.topic, one.key, one.payload, one.traceparent, one.headers) for one in messages]
    return tuple(list(column) for column in zip(*rows, strict=True)) or ([], [], [], [], [])


def _json(rows: Sequence[Any]) -> str:
    return msgspec.json.encode(rows).decode()
