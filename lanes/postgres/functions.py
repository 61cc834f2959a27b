"""Lanes whose handler is a plain function: the platform keeps their versions."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from lanes.audit.ports import LogEntry, Scope, Selection, StoredRow
from lanes.codec import Codec, Message, Record, outgoing
from lanes.errors import VersionConflictError
from lanes.handler import Settlement
from lanes.postgres.statements import execute
from lanes.record import InboxRecord, OutboxMessage, RecordsByKey

Function = Callable[[Connection, str, Sequence[Record]], Iterable[Message] | None]
"""Settles the records of one lane, in log order, in the transaction of this connection; returns
messages to send after the commit. Whatever it raises is the fault of a record."""

_LOAD = """
INSERT INTO lanes.lane_versions (topic, key, version)
SELECT %(topic)s, key, 0 FROM unnest(%(keys)s::text[]) AS key ORDER BY key ON CONFLICT DO NOTHING;
SELECT key, version FROM lanes.lane_versions
WHERE topic = %(topic)s AND key = ANY(%(keys)s::text[])"""

# In the order of the keys, so that two transactions never wait for each other.
_RAISE = """
WITH settled AS MATERIALIZED (
  SELECT stored.ctid, given."offset" FROM lanes.lane_versions AS stored
  JOIN unnest(%(keys)s::text[], %(versions)s::bigint[], %(offsets)s::bigint[])
    AS given (key, version, "offset") ON (stored.key, stored.version) = (given.key, given.version)
  WHERE stored.topic = %(topic)s ORDER BY stored.key FOR UPDATE OF stored)
UPDATE lanes.lane_versions AS stored
SET version = stored.version + 1, settled_offset = settled."offset"
FROM settled WHERE stored.ctid = settled.ctid"""

_SETTLED = """
SELECT key, settled_offset FROM lanes.lane_versions
WHERE topic = %s AND settled_offset IS NOT NULL"""

_LOCK = """
INSERT INTO lanes.lane_versions (topic, key, version) VALUES (%s, %s, 1)
ON CONFLICT (topic, key) DO UPDATE SET version = lane_versions.version + 1"""


class FunctionLane:
    """The handler of a topic that a function settles: guarded by a version the platform keeps."""

    def __init__(self, topic: str, function: Function, codec: Codec) -> None:
        self._topic, self._function, self._codec = topic, function, codec

    def load(self, transaction: Connection, lanes: RecordsByKey) -> Mapping[str, int]:
        """Return the versions of the lanes, which begin with their first record."""
        parameters = {"topic": self._topic, "keys": sorted(lanes)}
        rows = execute(transaction, _LOAD, parameters)
        return {row.key: row.version for row in rows}

    def settle(
        self, transaction: Connection, state: Mapping[str, int], lanes: RecordsByKey
    ) -> Sequence[Settlement]:
        """Call the function for each lane. Raise what it raises, and VersionConflictError."""
        settlements = [
            Settlement(self._messages(transaction, key, records)) for key, records in lanes.items()
        ]
        parameters: dict[str, Any] = {
            "topic": self._topic,
            "keys": list(lanes),
            "versions": [state[key] for key in lanes],
            "offsets": [records[-1].offset for records in lanes.values()],
        }
        if execute(transaction, _RAISE, parameters).rowcount != len(lanes):
            raise VersionConflictError(f"{self._topic}/{', '.join(lanes)}")
        return settlements

    def fail(self, transaction: Connection, key: str, records: Sequence[InboxRecord]) -> Settlement:  # noqa: ARG002 - of the port
        """Raise the version, so that no worker settles these records meanwhile."""
        execute(transaction, _LOCK, (self._topic, key))
        return Settlement([])

    def settled(self, transaction: Connection, payloads: Sequence[bytes]) -> list[bool]:  # noqa: ARG002 - of the port
        """Return False for each: a dead letter has had no effect, unless a replay of it has."""
        return [False] * len(payloads)

    def _messages(
        self, transaction: Connection, key: str, records: Sequence[InboxRecord]
    ) -> Sequence[OutboxMessage]:
        found = self._function(transaction, key, [self._codec.record(one) for one in records])
        return [outgoing(message) for message in found or ()]


class FunctionAudit:
    """The audit of a topic that a function settles: what it stores is known to nobody else.

    A record has been settled when its lane has come so far and it is no dead letter.
    """

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._settled: dict[str, int] = {}  # by key, the offset of the newest record settled

    def select(self, transaction: Connection, scope: Scope) -> Selection:
        """Select all lanes, or the one that is named."""
        rows = execute(transaction, _SETTLED, (self._topic,))
        self._settled = dict(rows.tuples().all())
        return Selection(None if scope.lane is None else frozenset([scope.lane]))

    def stored_rows(
        self,
        transaction: Connection,  # noqa: ARG002 - of the port
        *,
        partition: int,  # noqa: ARG002
        first: int,  # noqa: ARG002
        selection: Selection,  # noqa: ARG002
    ) -> Iterator[StoredRow]:
        """Yield nothing."""
        return iter(())

    def is_settled(self, entry: LogEntry) -> bool:
        """Return whether the lane of the record has come so far, and it is no dead letter."""
        if entry.record is None or entry.record.lane is None or entry.is_dead_letter:
            return False
        return self._settled.get(entry.record.lane, -1) >= entry.offset

    def check_batch(self, transaction: Connection, entries: Sequence[LogEntry]) -> None:
        """Check nothing more."""

    def end_partition(self, transaction: Connection) -> None:
        """Check nothing more."""

    def end(self, transaction: Connection, selection: Selection) -> None:
        """Check nothing more."""
