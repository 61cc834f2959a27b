"""Records, dead letters and messages to feed the ports with."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from lanes.dead_letter import DeadLetter
from lanes.record import InboxRecord, OutboxMessage
from tests.contract.conftest import Ports

TOPIC, KEY = "things", "a"
MOMENT = datetime(2026, 11, 23, 12, 0, 0, 123_000, UTC)


class UndoError(Exception):
    """Rolls a transaction back."""


def record(offset: int, key: str = KEY, **changes: Any) -> InboxRecord:
    """A record of partition 0 with everything that a record may have."""
    given: dict[str, Any] = {
        "topic": TOPIC,
        "partition": 0,
        "offset": offset,
        "key": key,
        "payload": '{"text": "€ \\\\x00"}',
        "log_time": MOMENT,
        "replays": 2,
        "traceparent": "00-a-b-01",
        "headers": '[["name","dmFsdWU="]]',
    }
    return InboxRecord(**{**given, **changes})


def letter(offset: int, **changes: Any) -> DeadLetter:
    """The dead letter of such a record."""
    given: dict[str, Any] = {
        "topic": TOPIC,
        "partition": 0,
        "offset": offset,
        "raw_key": KEY.encode(),
        "payload": b"{\xff",
        "log_time": MOMENT,
        "group": "group",
        "reason": "Undecodable",
        "error_class": "ValueError",
        "message": "no value",
        "attempts": 1,
        "first_failed_at": None,
        "trace_id": None,
        "replays": 0,
    }
    return DeadLetter(**{**given, **changes})


def message(number: int) -> OutboxMessage:
    """A message to send."""
    return OutboxMessage("events", KEY, f"payload {number}", "00-a-b-01", '[["name","dmFsdWU="]]')


def insert(ports: Ports, *records: InboxRecord) -> None:
    """Insert records, and commit."""
    with ports.begin() as transaction:
        ports.inbox_writer.insert(transaction, records)


def waiting(ports: Ports, key: str = KEY, limit: int = 100) -> Sequence[InboxRecord]:
    """Return the waiting records of a lane, as another transaction sees them."""
    with ports.begin() as transaction:
        return ports.lanes.read(transaction, topic=TOPIC, key=key, limit=limit)


def offsets(records: Sequence[InboxRecord]) -> list[int]:
    """Their offsets."""
    return [one.offset for one in records]
