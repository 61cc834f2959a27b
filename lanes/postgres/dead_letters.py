"""Stores dead letters, queues each in the outbox for `<topic>.DLT` (the relay sends it), and parks
partitions."""

from collections.abc import Sequence

from sqlalchemy import Connection

from lanes.dead_letter import DeadLetter, Parking
from lanes.errors import GoneError
from lanes.postgres.lanes import NOTIFY_OUTBOX
from lanes.postgres.statements import execute
from lanes.topic import DEAD_LETTER_SUFFIX

# Records that a restore of the database has lost (GoneError) do not count towards the limit.
COUNT_RECENT = f"""
SELECT
  (SELECT count(*) FROM lanes.dead_letters
   WHERE topic = %(topic)s AND key = %(key)s AND error_class <> '{GoneError.__name__}'
     AND created_at > now() - make_interval(secs => %(within_s)s)),
  (SELECT count(*) FROM lanes.dead_letters
   WHERE topic = %(topic)s AND partition = %(partition)s
     AND error_class <> '{GoneError.__name__}'
     AND created_at > now() - make_interval(secs => %(within_s)s))"""  # noqa: S608 - the only value put in is a class name

# A conflict: the record already has a dead letter, by another consumer group or by an earlier try
# of ours whose commit was not answered.
INSERT_DEAD_LETTER = """
INSERT INTO lanes.dead_letters (topic, partition, "offset", key, raw_key, payload, log_time,
  consumer_group, reason, error_class, message, attempts, first_failed_at, trace_id, replays,
  headers)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, coalesce(%s, now()), %s, %s, %s)
ON CONFLICT DO NOTHING RETURNING id"""

QUEUE_DEAD_LETTER = """
INSERT INTO lanes.outbox (topic, key, payload, dead_letter_id) VALUES (%s, %s, '', %s)"""

PARK_PARTITION = """
INSERT INTO lanes.parked_partitions (consumer_group, topic, partition, reason, message)
VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"""

PARKED_PARTITIONS = """
SELECT topic, partition FROM lanes.parked_partitions WHERE consumer_group = %s"""

SHOWN_BYTES_MAX = 256  # of a key that is stored as text; PostgreSQL indexes at most 2,704 bytes


class PostgresDeadLetters:
    """The port DeadLetters."""

    def count_recent(
        self,
        transaction: Connection,
        *,
        topic: str,
        key: str | None,
        partition: int,
        within_s: float,
    ) -> tuple[int, int]:
        """Return how many dead letters the lane and the partition got within `within_s` seconds."""
        parameters = {"topic": topic, "key": key, "partition": partition, "within_s": within_s}
        lane, whole = execute(transaction, COUNT_RECENT, parameters).one()
        return lane, whole

    def add(self, transaction: Connection, letters: Sequence[DeadLetter]) -> None:
        """Store dead letters, and queue each for its dead-letter topic."""
        for letter in letters:
            dead_letter_id = execute(transaction, INSERT_DEAD_LETTER, _row(letter)).scalar()
            if dead_letter_id is not None:
                topic, key = letter.topic + DEAD_LETTER_SUFFIX, shown(letter.raw_key) or ""
                execute(transaction, QUEUE_DEAD_LETTER, (topic, key, dead_letter_id))
        execute(transaction, NOTIFY_OUTBOX)

    def park_partition(
        self, transaction: Connection, *, group: str, topic: str, partition: int, parking: Parking
    ) -> bool:
        """Park the partition until an operator unparks it; return False when it was parked
        before."""
        parameters = (group, topic, partition, parking.reason, parking.message)
        return execute(transaction, PARK_PARTITION, parameters).rowcount == 1

    def parked_partitions(self, transaction: Connection, *, group: str) -> set[tuple[str, int]]:
        """Return the parked (topic, partition)s of the group."""
        rows = execute(transaction, PARKED_PARTITIONS, (group,))
        return {(topic, partition) for topic, partition in rows}


def shown(raw_key: bytes | None) -> str | None:
    """Return the beginning of a key as text that PostgreSQL can store; invalid characters are
    replaced."""
    if raw_key is None:
        return None
    return raw_key[:SHOWN_BYTES_MAX].decode(errors="replace").replace("\0", "\ufffd")


def _row(letter: DeadLetter) -> tuple[object, ...]:
    return (
        letter.topic, letter.partition, letter.offset, shown(letter.raw_key), letter.raw_key,
        letter.payload, letter.log_time, letter.group, letter.reason, letter.error_class,
        letter.message.replace("\0", "\ufffd"), letter.attempts, letter.first_failed_at,
        letter.trace_id, letter.replays, letter.headers,
    )  # fmt: skip
