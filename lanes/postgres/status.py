"""What waits now: lanes by the age of their oldest record, and messages of the outbox."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from lanes.postgres.statements import execute

_LANES = """
SELECT waiting.topic, waiting.key, waiting.records, waiting.oldest_at, parked.reason
FROM (SELECT topic, key, count(*) AS records, min(log_time) AS oldest_at
      FROM lanes.inbox GROUP BY topic, key) AS waiting
LEFT JOIN lanes.parked_lanes AS parked USING (topic, key)
ORDER BY waiting.oldest_at, waiting.topic, waiting.key LIMIT %s"""

_OUTBOX = "SELECT count(*), min(created_at) FROM lanes.outbox"


@dataclass(frozen=True, slots=True)
class WaitingLane:
    """A lane with records to settle; `parked` is the reason of one that waits for an operator."""

    topic: str
    key: str
    records: int
    oldest_at: datetime
    parked: str | None


def waiting_lanes_by_age(connection: Connection, *, limit: int) -> Sequence[WaitingLane]:
    """Return at most `limit` lanes, that with the oldest record first."""
    return [WaitingLane(*row) for row in execute(connection, _LANES, (limit,))]


def unsent(connection: Connection) -> tuple[int, datetime | None]:
    """Return the number of messages in the outbox, and when the oldest was written."""
    count, oldest_at = execute(connection, _OUTBOX).one()
    return count, oldest_at
