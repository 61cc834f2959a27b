"""The outbox as the relay reads it: what settled transactions left to be sent, in id order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, Row

from lanes.postgres.prepared import Prepared
from lanes.postgres.statements import execute
from lanes.text import as_bytes, headers_as_bytes
from lanes.time import epoch_ms, rfc3339
from lanes.topic import REPLAY_COUNT_HEADER, WRITTEN_AT_HEADER

# A dead letter's bytes are those of its own row.
NEXT_OUT = Prepared(
    "outbox_next",
    ("int", "bigint"),
    """
SELECT id, created_at, topic, key, payload, dead_letter_id, traceparent, headers FROM (
  SELECT *, sum(bytes) OVER (ORDER BY id) - bytes AS bytes_before FROM (
    SELECT id, topic, key, payload, created_at, dead_letter_id, traceparent, headers,
      coalesce((SELECT octet_length(d.payload) FROM lanes.dead_letters AS d
                WHERE d.id = dead_letter_id),
        octet_length(payload)) AS bytes
    FROM lanes.outbox ORDER BY id LIMIT $1) AS oldest
) AS counted WHERE bytes_before < $2 ORDER BY id""",
    first=True,
)

DEAD_LETTERS = """
SELECT id, topic, partition, "offset", raw_key, payload, log_time, consumer_group, reason,
  error_class, message, attempts, first_failed_at, trace_id, replays, headers
FROM lanes.dead_letters WHERE id = ANY(%s)"""

SENT = "DELETE FROM lanes.outbox WHERE id = ANY(%s)"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message on its way to Kafka: its row in the outbox, and what becomes of it there.

    `lane` is what keeps its order. Without a `partition`, its key chooses.
    """

    row_id: int
    written_at: datetime
    topic: str
    lane: str
    key: bytes | None
    value: bytes
    partition: int | None = None
    headers: tuple[tuple[str, bytes], ...] = field(default=())
    traceparent: str | None = None


class _Row(NamedTuple):
    """A row of NEXT_OUT."""

    id: int
    created_at: datetime
    topic: str
    key: str
    payload: str
    dead_letter_id: int | None
    traceparent: str | None
    headers: str | None


def next_out(connection: Connection, *, limit: int, bytes_max: int) -> list[Outgoing]:
    """Return the oldest messages not yet sent: the first, and more up to `bytes_max`."""
    rows = [_Row(*row) for row in NEXT_OUT.execute(connection, limit, bytes_max)]
    letter_ids = [row.dead_letter_id for row in rows if row.dead_letter_id is not None]
    letters = _dead_letters(connection, letter_ids) if letter_ids else {}
    return [_outgoing(row, letters) for row in rows]


def mark_sent(connection: Connection, ids: Iterable[int]) -> None:
    """Delete messages that Kafka has acknowledged."""
    execute(connection, SENT, (list(ids),))


def _dead_letters(connection: Connection, ids: list[int]) -> dict[int, Row[tuple[object, ...]]]:
    return {row.id: row for row in execute(connection, DEAD_LETTERS, (ids,))}


def _outgoing(row: _Row, letters: Mapping[int, Row[tuple[object, ...]]]) -> Outgoing:
    letter = None if row.dead_letter_id is None else letters.get(row.dead_letter_id)
    if letter is None:
        key, value = as_bytes(row.key), as_bytes(row.payload)
        return Outgoing(
            row_id=row.id,
            written_at=row.created_at,
            topic=row.topic,
            lane=row.key,
            key=key,
            value=value,
            headers=(
                *headers_as_bytes(row.headers),
                (WRITTEN_AT_HEADER, str(epoch_ms(row.created_at)).encode()),
            ),
            traceparent=row.traceparent,
        )
    return Outgoing(
        row_id=row.id,
        written_at=row.created_at,
        topic=row.topic,
        lane=row.key,
        key=None if letter.raw_key is None else bytes(letter.raw_key),
        value=bytes(letter.payload),
        partition=letter.partition,
        headers=_headers(letter),
    )


def _headers(letter: Row[tuple[object, ...]]) -> tuple[tuple[str, bytes], ...]:
    """Return the headers of a dead letter, and after them its provenance and its reason."""
    provenance = {
        "original_topic": letter.topic,
        "original_partition": letter.partition,
        "original_offset": letter.offset,
        "original_log_time": rfc3339(letter.log_time),
        "consumer_group": letter.consumer_group,
        "reason": letter.reason,
        "error_class": letter.error_class,
        "error_message": letter.message,
        "attempts": letter.attempts,
        "first_failed_at": rfc3339(letter.first_failed_at),
        "trace_id": letter.trace_id or "",
        REPLAY_COUNT_HEADER: letter.replays,
    }
    added = ((name, str(value).encode()) for name, value in provenance.items())
    return (*headers_as_bytes(letter.headers), *added)
