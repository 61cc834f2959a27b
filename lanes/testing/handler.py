"""The handler of a simulation: the user's, with poison, and with a note of what it committed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from lanes.errors import FutureVersionError, OutageError, VersionConflictError
from lanes.handler import LaneHandler, Settlement
from lanes.record import InboxRecord, OutboxMessage, RecordsByKey
from lanes.testing.processes import Killed
from lanes.testing.store import MemoryTransaction


class PoisonError(Exception):
    """Raised in place of settling a poisonous record."""


@dataclass(frozen=True, slots=True)
class Settled:
    """In the journal: records that were settled, and the messages that were sent."""

    lanes: RecordsByKey
    messages: Sequence[OutboxMessage]


@dataclass(frozen=True, slots=True)
class Rejected:
    """In the journal: records of one lane that became dead letters, and the messages about it."""

    key: str
    records: Sequence[InboxRecord]
    messages: Sequence[OutboxMessage]


class SimulatedHandler:
    """Calls `handler`. While the code `is_broken`, records with one of the payloads in `poison`
    fail, and those in `newer` wait for newer code. Those at the places in `deadly` always kill
    the process.

    `errors` are those that `handler.fail` raised, which the platform only logs; `last_error` is
    what `handler.settle` raised at last, which may be the fault of a record.
    """

    def __init__(self, handler: LaneHandler[MemoryTransaction, Any]) -> None:
        self.handler = handler
        self.poison: set[str] = set()
        self.newer: set[str] = set()
        self.deadly: set[tuple[int, int]] = set()
        self.is_broken = True
        self.errors: list[Exception] = []
        self.last_error: Exception | None = None

    def load(self, transaction: MemoryTransaction, lanes: RecordsByKey) -> object:
        """Return what the user's handler loads."""
        return self.handler.load(transaction, lanes)

    def settle(
        self, transaction: MemoryTransaction, state: object, lanes: RecordsByKey
    ) -> Sequence[Settlement]:
        """Settle the records and note it. Raise PoisonError and FutureVersionError."""
        for record in (record for records in lanes.values() for record in records):
            if (record.partition, record.offset) in self.deadly:
                raise Killed
            if self.is_broken and record.payload in self.poison:
                raise PoisonError
            if self.is_broken and record.payload in self.newer:
                raise FutureVersionError("of newer code")
        try:
            settlements = self.handler.settle(transaction, state, lanes)
        except Exception as error:
            self.last_error = error
            raise
        transaction.note(Settled(lanes, messages_of(settlements)))
        return settlements

    def fail(
        self, transaction: MemoryTransaction, key: str, records: Sequence[InboxRecord]
    ) -> Settlement:
        """Let the user's handler store that the records failed, and note it."""
        try:
            settlement = self.handler.fail(transaction, key, records)
        except (VersionConflictError, OutageError):
            raise
        except Exception as error:
            self.errors.append(error)
            raise
        transaction.note(Rejected(key, records, messages_of([settlement])))
        return settlement

    def settled(self, transaction: MemoryTransaction, payloads: Sequence[bytes]) -> list[bool]:
        """Return for each record whether it has had its effect."""
        return self.handler.settled(transaction, payloads)


def messages_of(settlements: Iterable[Settlement]) -> list[OutboxMessage]:
    """Return the messages of all of them, in their order."""
    return [message for settlement in settlements for message in settlement.messages]
