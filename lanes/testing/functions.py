"""Lanes whose handler is a plain function, on the store in memory: as lanes/postgres/functions.py.

The function gets a MemoryTransaction where it gets a connection in production.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from lanes.codec import Codec, Message, Record, outgoing
from lanes.errors import VersionConflictError
from lanes.handler import Settlement
from lanes.record import InboxRecord, OutboxMessage, RecordsByKey
from lanes.testing.ports import OWN
from lanes.testing.store import MemoryTransaction

Function = Callable[[MemoryTransaction, str, Sequence[Record]], Iterable[Message] | None]
"""Settles the records of one lane; returns messages to send after the commit."""

LANE_VERSIONS = f"{OWN}lane_versions"  # by (topic, key), the version


class MemoryFunctionLane:
    """The handler of a topic that a function settles: guarded by a version the platform keeps."""

    def __init__(self, topic: str, function: Function, codec: Codec) -> None:
        self._topic, self._function, self._codec = topic, function, codec

    def load(self, transaction: MemoryTransaction, lanes: RecordsByKey) -> Mapping[str, int]:
        """Return the versions of the lanes, which begin with their first record."""
        with transaction.statement():
            for key in sorted(lanes):
                if transaction.get(LANE_VERSIONS, (self._topic, key)) is None:
                    transaction.put(LANE_VERSIONS, (self._topic, key), 0)
        with transaction.statement():
            return {key: transaction.get(LANE_VERSIONS, (self._topic, key)) for key in lanes}

    def settle(
        self, transaction: MemoryTransaction, state: Mapping[str, int], lanes: RecordsByKey
    ) -> Sequence[Settlement]:
        """Call the function for each lane. Raise what it raises, and VersionConflictError."""
        settlements = [
            Settlement(self._messages(transaction, key, records)) for key, records in lanes.items()
        ]
        with transaction.statement():
            for key in sorted(lanes):
                if transaction.lock(LANE_VERSIONS, (self._topic, key)) != state[key]:
                    raise VersionConflictError(f"{self._topic}/{', '.join(lanes)}")
                transaction.put(LANE_VERSIONS, (self._topic, key), state[key] + 1)
        return settlements

    def fail(
        self,
        transaction: MemoryTransaction,
        key: str,
        records: Sequence[InboxRecord],  # noqa: ARG002 - of the port
    ) -> Settlement:
        """Raise the version, so that no worker settles these records meanwhile."""
        with transaction.statement():
            version = transaction.lock(LANE_VERSIONS, (self._topic, key)) or 0
            transaction.put(LANE_VERSIONS, (self._topic, key), version + 1)
        return Settlement([])

    def settled(self, transaction: MemoryTransaction, payloads: Sequence[bytes]) -> list[bool]:  # noqa: ARG002 - of the port
        """Return False for each: a dead letter has had no effect, unless a replay of it has."""
        return [False] * len(payloads)

    def _messages(
        self, transaction: MemoryTransaction, key: str, records: Sequence[InboxRecord]
    ) -> Sequence[OutboxMessage]:
        found = self._function(transaction, key, [self._codec.record(one) for one in records])
        return [outgoing(message) for message in found or ()]
