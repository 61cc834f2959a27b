"""Dead letters as operators see them, and their replays: the ports `StoredDeadLetters` and
`ReplayStore`."""

import codecs
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Literal

from sqlalchemy import Connection, Engine, Row

from app.adapters.postgres.queries import rows, transaction
from app.domain.time import rfc3339
from app.protocol.dead_letters import DeadLetter, Replay
from app.services.dead_letters import DeadLetterSelection
from app.services.log import RecordMetadata
from app.services.replaying import LockedDeadLetter, RecordId

# The values are written into the statement by the client, so what is not asked for costs nothing.
_SELECTED = """
    ((%(ids)s::bigint[] IS NULL AND %(trace_ids)s::text[] IS NULL)
      OR id = ANY (%(ids)s::bigint[]) OR trace_id = ANY (%(trace_ids)s::text[]))
    AND (%(key)s::text IS NULL OR key = %(key)s)
    AND (%(reason)s::text IS NULL OR reason = %(reason)s)
    AND (%(topic)s::text IS NULL OR topic = %(topic)s)
    AND (%(since)s::timestamptz IS NULL OR created_at >= %(since)s)
    AND (%(until)s::timestamptz IS NULL OR created_at < %(until)s)"""

_PAGE = f"""
SELECT id, topic, partition, "offset", key, raw_key, log_time, consumer_group, reason, error_class,
  message, attempts, first_failed_at, trace_id, replays, created_at,
  octet_length(payload) AS payload_bytes,
  substring(payload FOR coalesce(%(payload_bytes)s, octet_length(payload))) AS payload
FROM lanes.dead_letters
WHERE {_SELECTED} AND (%(before_id)s::bigint IS NULL OR id < %(before_id)s)
ORDER BY id DESC LIMIT %(limit)s"""  # noqa: S608 - our own text

_COUNT = f"SELECT count(*) AS number FROM lanes.dead_letters WHERE {_SELECTED}"  # noqa: S608 - our own text

_REPLAYS = """
SELECT dead_letter_id, created_at, requested_by, forced, partition, "offset" FROM lanes.replays
WHERE dead_letter_id = ANY (%(ids)s::bigint[]) ORDER BY id"""

_UNKNOWN = """
SELECT name::text FROM unnest(%(ids)s::bigint[]) AS name
WHERE NOT EXISTS (SELECT FROM lanes.dead_letters WHERE id = name)
UNION ALL
SELECT name FROM unnest(%(trace_ids)s::text[]) AS name
WHERE NOT EXISTS (SELECT FROM lanes.dead_letters WHERE trace_id = name)"""

_LAST_ID = "SELECT coalesce(max(id), 0) AS id FROM lanes.dead_letters"

_CANDIDATES = f"""
SELECT topic, partition, "offset", id FROM lanes.dead_letters
WHERE {_SELECTED} AND id <= %(up_to_id)s
  AND (%(after_topic)s::text IS NULL OR (topic, partition, "offset")
    > (%(after_topic)s, %(after_partition)s::int, %(after_offset)s::bigint))
ORDER BY topic, partition, "offset" LIMIT %(limit)s"""  # noqa: S608 - our own text

_LOCK = """
SELECT id, topic, partition, raw_key, payload, replays FROM lanes.dead_letters WHERE id = %s
FOR UPDATE"""

# Of a lane's replay it is known whether it was taken (progress is past it) and whether it waits;
# of other topics, and of a replay without a place, only how long ago it was.
_REPLAY_RESULTS = """
SELECT max(again.id) AS again_id,
  coalesce(bool_or(replay."offset" < progress.next_offset AND waiting.key IS NULL
    AND again.id IS NULL), false) AS has_settled,
  coalesce(bool_or(CASE WHEN replay."offset" IS NULL OR progress.next_offset IS NULL
    THEN replay.created_at > now() - make_interval(secs => %(quiet_s)s)
    ELSE replay."offset" >= progress.next_offset OR waiting.key IS NOT NULL
  END), false) AS under_way
FROM lanes.replays AS replay
LEFT JOIN lanes.dead_letters AS again ON again.topic = %(topic)s
  AND again.partition = replay.partition AND again."offset" = replay."offset"
LEFT JOIN lanes.inbox AS waiting ON waiting.topic = %(topic)s
  AND waiting.partition = replay.partition AND waiting."offset" = replay."offset"
LEFT JOIN lanes.ingest_progress AS progress ON progress.topic = %(topic)s
  AND progress.partition = replay.partition
WHERE replay.dead_letter_id = %(id)s"""

_ADD_TO_REPLAYS = "UPDATE lanes.dead_letters SET replays = replays + %s WHERE id = %s"
_CLAIM = """
INSERT INTO lanes.replays (dead_letter_id, requested_by, forced) VALUES (%s, %s, %s) RETURNING id"""
_MARK_REPLAYED = 'UPDATE lanes.replays SET partition = %s, "offset" = %s WHERE id = %s'
_RELEASE = "DELETE FROM lanes.replays WHERE id = %s"


class PostgresStoredDeadLetters:
    """The port `StoredDeadLetters`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def page(
        self,
        selection: DeadLetterSelection,
        *,
        before_id: int | None,
        limit: int,
        payload_bytes: int | None,
    ) -> list[DeadLetter]:
        """At most `limit`, newest first."""
        values = {**asdict(selection), "before_id": before_id, "limit": limit}
        found = rows(self._engine, _PAGE, {**values, "payload_bytes": payload_bytes})
        replayed = self._replays_of([row.id for row in found])
        return [_dead_letter(row, replayed[row.id]) for row in found]

    def count(self, selection: DeadLetterSelection) -> int:
        """Return how many match."""
        (row,) = rows(self._engine, _COUNT, asdict(selection))
        return int(row.number)

    def unknown(self, selection: DeadLetterSelection) -> list[str]:
        """Return those of the named ids that no dead letter has."""
        return [row.name for row in rows(self._engine, _UNKNOWN, asdict(selection))]

    def _replays_of(self, ids: Sequence[int]) -> dict[int, list[Replay]]:
        replayed: dict[int, list[Replay]] = {letter_id: [] for letter_id in ids}
        for row in rows(self._engine, _REPLAYS, {"ids": list(ids)}):
            replayed[row.dead_letter_id].append(_replay(row))
        return replayed


class PostgresReplayStore:
    """The port `ReplayStore`."""

    def __init__(self, engine: Engine, *, quiet_s: float) -> None:
        """A replay without a known position may still arrive for `quiet_s` seconds."""
        self._engine, self._quiet_s = engine, quiet_s

    def last_id(self) -> int:
        """Return the id of the newest dead letter."""
        (row,) = rows(self._engine, _LAST_ID, {})
        return int(row.id)

    def candidates(
        self, selection: DeadLetterSelection, *, up_to_id: int, after: RecordId | None, limit: int
    ) -> list[tuple[RecordId, int]]:
        """Return record ids and dead letter ids, in log order."""
        topic, partition, offset = after or (None, None, None)
        values = {"after_topic": topic, "after_partition": partition, "after_offset": offset}
        values |= {"up_to_id": up_to_id, "limit": limit}
        found = rows(self._engine, _CANDIDATES, {**asdict(selection), **values})
        return [((row.topic, row.partition, row.offset), row.id) for row in found]

    def lock(self, transaction: Connection, letter_id: int) -> LockedDeadLetter:
        """Lock a dead letter; its replays are read after that, so that the result is current."""
        locked = transaction.exec_driver_sql(_LOCK, (letter_id,)).one()
        values = {"id": letter_id, "topic": locked.topic, "quiet_s": self._quiet_s}
        became = transaction.exec_driver_sql(_REPLAY_RESULTS, values).one()
        return LockedDeadLetter(
            id=locked.id,
            topic=locked.topic,
            partition=locked.partition,
            raw_key=None if locked.raw_key is None else bytes(locked.raw_key),
            payload=bytes(locked.payload),
            replays=locked.replays,
            again_id=became.again_id,
            has_settled=became.has_settled,
            under_way=became.under_way,
        )

    def claim(
        self, transaction: Connection, letter: LockedDeadLetter, *, requested_by: str, forced: bool
    ) -> int:
        """Count and store one more replay."""
        transaction.exec_driver_sql(_ADD_TO_REPLAYS, (1, letter.id))
        claimed = transaction.exec_driver_sql(_CLAIM, (letter.id, requested_by, forced))
        return int(claimed.scalar_one())

    def mark_replayed(self, replay_id: int, metadata: RecordMetadata) -> None:
        """Store the position of the replay's record."""
        with transaction(self._engine) as connection:
            connection.exec_driver_sql(
                _MARK_REPLAYED, (metadata.partition, metadata.offset, replay_id)
            )

    def release(self, letter: LockedDeadLetter, replay_id: int) -> None:
        """Undo the claim."""
        with transaction(self._engine) as connection:
            connection.exec_driver_sql(_RELEASE, (replay_id,))
            connection.exec_driver_sql(_ADD_TO_REPLAYS, (-1, letter.id))


def _replay(row: Row[Any]) -> Replay:
    return Replay(
        at=rfc3339(row.created_at),
        requested_by=row.requested_by,
        forced=row.forced,
        partition=row.partition,
        offset=row.offset,
    )


def _dead_letter(row: Row[Any], replayed: list[Replay]) -> DeadLetter:
    payload, encoding = _shown(bytes(row.payload), is_cut=len(row.payload) < row.payload_bytes)
    return DeadLetter(
        id=row.id,
        topic=row.topic,
        partition=row.partition,
        offset=row.offset,
        key=row.key,
        key_hex=None if row.raw_key is None else bytes(row.raw_key).hex(),
        log_time=rfc3339(row.log_time),
        consumer_group=row.consumer_group,
        reason=row.reason,
        error_class=row.error_class,
        message=row.message,
        attempts=row.attempts,
        first_failed_at=rfc3339(row.first_failed_at),
        at=rfc3339(row.created_at),
        trace_id=row.trace_id,
        payload=payload,
        payload_encoding=encoding,
        payload_bytes=row.payload_bytes,
        replays=row.replays,
        replayed=replayed,
    )


def _shown(payload: bytes, *, is_cut: bool) -> tuple[str, Literal["utf-8", "hex"]]:
    """Return text when it is UTF-8; a character cut in two at the end is left out."""
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(payload, final=not is_cut), "utf-8"
    except UnicodeDecodeError:
        return payload.hex(), "hex"
