"""Dead letters as operators see them, and their replays: the ports `StoredDeadLetters` and
`ReplayStore`."""

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Connection

from lanes.dead_letter_list import DeadLetterSelection, StoredDeadLetter, StoredReplay
from lanes.ports import Begin
from lanes.postgres.rows import read_row, rows
from lanes.postgres.statements import execute
from lanes.replay import LockedDeadLetter, RecordId
from lanes.text import headers_as_bytes

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
SELECT id, topic, partition, "offset", key, raw_key, log_time, consumer_group AS "group", reason,
  error_class, message, attempts, first_failed_at, trace_id, replays, created_at,
  octet_length(payload) AS payload_bytes,
  substring(payload FOR coalesce(%(payload_bytes)s, octet_length(payload))) AS payload
FROM lanes.dead_letters
WHERE {_SELECTED} AND (%(after_id)s::bigint IS NULL OR id < %(after_id)s)
ORDER BY id DESC LIMIT %(limit)s"""  # noqa: S608 - our own text

_COUNT = f"SELECT count(*) AS number FROM lanes.dead_letters WHERE {_SELECTED}"  # noqa: S608 - our own text

_REPLAYS = """
SELECT dead_letter_id, created_at AS at, requested_by, forced AS is_forced, partition, "offset"
FROM lanes.replays
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
SELECT id, topic, partition, raw_key, payload, replays, headers FROM lanes.dead_letters
WHERE id = %s FOR UPDATE"""

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

    def __init__(self, begin: Begin[Connection]) -> None:
        self._begin = begin

    def page(
        self,
        selection: DeadLetterSelection,
        *,
        after_id: int | None,
        limit: int,
        payload_bytes: int | None,
    ) -> list[StoredDeadLetter]:
        """Return at most `limit`, newest first."""
        values = {**asdict(selection), "after_id": after_id, "limit": limit}
        found = rows(self._begin, _PAGE, {**values, "payload_bytes": payload_bytes})
        replayed = self._replays_of([row.id for row in found])
        return [read_row(StoredDeadLetter, row, replayed=replayed[row.id]) for row in found]

    def count(self, selection: DeadLetterSelection) -> int:
        """Return how many match."""
        (row,) = rows(self._begin, _COUNT, asdict(selection))
        return int(row.number)

    def unknown(self, selection: DeadLetterSelection) -> list[str]:
        """Return those of the named ids that no dead letter has."""
        return [row.name for row in rows(self._begin, _UNKNOWN, asdict(selection))]

    def _replays_of(self, ids: Sequence[int]) -> dict[int, list[StoredReplay]]:
        replayed: dict[int, list[StoredReplay]] = {letter_id: [] for letter_id in ids}
        for row in rows(self._begin, _REPLAYS, {"ids": list(ids)}):
            replayed[row.dead_letter_id].append(read_row(StoredReplay, row))
        return replayed


class PostgresReplayStore:
    """The port `ReplayStore`."""

    def __init__(self, begin: Begin[Connection], *, quiet_s: float) -> None:
        """A replay without a known position may still arrive for `quiet_s` seconds."""
        self._begin, self._quiet_s = begin, quiet_s

    def last_id(self) -> int:
        """Return the id of the newest dead letter."""
        (row,) = rows(self._begin, _LAST_ID, {})
        return int(row.id)

    def candidates(
        self, selection: DeadLetterSelection, *, up_to_id: int, after: RecordId | None, limit: int
    ) -> list[tuple[RecordId, int]]:
        """Return record ids and dead letter ids, in log order."""
        topic, partition, offset = after or (None, None, None)
        values = {"after_topic": topic, "after_partition": partition, "after_offset": offset}
        values |= {"up_to_id": up_to_id, "limit": limit}
        found = rows(self._begin, _CANDIDATES, {**asdict(selection), **values})
        return [((row.topic, row.partition, row.offset), row.id) for row in found]

    def lock(self, transaction: Connection, letter_id: int) -> LockedDeadLetter:
        """Lock a dead letter; its replays are read after that, so that the result is current."""
        locked = execute(transaction, _LOCK, (letter_id,)).one()
        values = {"id": letter_id, "topic": locked.topic, "quiet_s": self._quiet_s}
        became = execute(transaction, _REPLAY_RESULTS, values).one()
        return read_row(
            LockedDeadLetter,
            locked,
            headers=headers_as_bytes(locked.headers),
            again_id=became.again_id,
            has_settled=became.has_settled,
            under_way=became.under_way,
        )

    def claim(
        self, transaction: Connection, letter: LockedDeadLetter, *, requested_by: str, forced: bool
    ) -> int:
        """Count and store one more replay."""
        execute(transaction, _ADD_TO_REPLAYS, (1, letter.id))
        claimed = execute(transaction, _CLAIM, (letter.id, requested_by, forced))
        return int(claimed.scalar_one())

    def mark_replayed(self, replay_id: int, *, partition: int, offset: int) -> None:
        """Store the position of the replay's record."""
        with self._begin() as connection:
            execute(connection, _MARK_REPLAYED, (partition, offset, replay_id))

    def release(self, letter: LockedDeadLetter, replay_id: int) -> None:
        """Undo the claim."""
        with self._begin() as connection:
            execute(connection, _RELEASE, (replay_id,))
            execute(connection, _ADD_TO_REPLAYS, (-1, letter.id))
