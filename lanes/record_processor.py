"""Processes records that belong to no lane: each at least once, in order by partition.

A record that cannot be decoded, or that a store refuses for good, becomes a dead letter, and the
rest goes on; above the limit of dead letters, or when only newer code could decode a record, its
partition is parked before it. Every other error is an outage: it is raised, and retried without
counting. No Kafka in here, and stores only through ports.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from lanes.dead_letter import (
    FUTURE_VERSION,
    HANDLER_ERROR,
    TOO_MANY,
    DeadLetter,
    Parking,
    Refusal,
    dead_letter,
    log_dead_letter,
    log_parked,
)
from lanes.dead_letter_quota import dead_letter_quota
from lanes.errors import BadDataError, BadRecordError, FutureVersionError, OutageError
from lanes.policy import DeadLetterLimit
from lanes.ports import Begin, DeadLetters, T
from lanes.record import RawRecord
from lanes.topic import PartitionId, Topic

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class ProcessorPorts(Generic[T]):
    """The store of dead letters, and their limit."""

    begin: Begin[T]
    dead_letters: DeadLetters[T]
    dead_letter_limit: DeadLetterLimit


class RecordHandler(Protocol[R]):
    """What a consumer group does with the records of its topics."""

    group: str
    topics: tuple[Topic, ...]

    def open(self) -> None:
        """Prepare its stores; called each time before the group is joined."""
        return

    def read(self, raw: RawRecord) -> R:
        """Decode the record. Raise BadRecordError and FutureVersionError."""
        ...

    def handle(self, items: Sequence[R]) -> None:
        """Process the items, in this order by partition; a repeat changes nothing.

        Raise BadDataError when the store refuses one of them for good.
        """
        ...


@dataclass(slots=True)
class RecordProcessor(Generic[R, T]):
    """One member of a group; after any failure a new one replaces it."""

    handler: RecordHandler[R]
    ports: ProcessorPorts[T]
    parked: Set[PartitionId] = frozenset()
    _waiting: dict[PartitionId, int] = field(default_factory=dict)

    def handle(self, batches: Mapping[PartitionId, Sequence[RawRecord]]) -> dict[PartitionId, int]:
        """Process the records of partitions that are not parked; return by partition the next
        offset."""
        for partition_id in batches.keys() & self.parked:
            self._waiting.setdefault(partition_id, batches[partition_id][0].offset)
        active = {
            partition_id: batch
            for partition_id, batch in batches.items()
            if partition_id not in self.parked
        }
        try:
            self.handler.handle([self.handler.read(raw) for one in active.values() for raw in one])
        except (BadRecordError, BadDataError, FutureVersionError):
            return {
                partition_id: self._one_by_one(partition_id, batch)
                for partition_id, batch in active.items()
            }
        return {partition_id: batch[-1].offset + 1 for partition_id, batch in active.items()}

    def revoke(self, partition_ids: Iterable[PartitionId]) -> None:
        """Drop the state of partitions that were assigned to another member."""
        for partition_id in partition_ids:
            self._waiting.pop(partition_id, None)

    def refresh_parked(self, *, is_required: bool) -> dict[PartitionId, int]:
        """Read again which partitions are parked; return by unparked partition the offset to seek
        to.

        Raise OutageError if `is_required`; otherwise keep the last state when the store does not
        answer.
        """
        try:
            with self.ports.begin() as transaction:
                self.parked = self._read_parked(transaction)
        except OutageError:
            if is_required:
                raise
        unparked = self._waiting.keys() - self.parked
        return {partition_id: self._waiting.pop(partition_id) for partition_id in unparked}

    def _one_by_one(self, partition_id: PartitionId, batch: Sequence[RawRecord]) -> int:
        for raw in batch:
            if not self._is_handled(raw):
                self.parked = self.parked | {partition_id}
                self._waiting[partition_id] = raw.offset
                return raw.offset
        return batch[-1].offset + 1

    def _is_handled(self, raw: RawRecord) -> bool:
        """Return whether the record was processed or became a dead letter; if not, its partition is
        parked."""
        try:
            self.handler.handle([self.handler.read(raw)])
        except FutureVersionError as error:
            return self._park(raw, Parking(FUTURE_VERSION, str(error)))
        except BadRecordError as error:
            return self._dead_letter(self._letter(raw, error.reason, error))
        except BadDataError as error:
            return self._dead_letter(self._letter(raw, HANDLER_ERROR, error))
        return True

    def _letter(self, raw: RawRecord, reason: str, error: Exception) -> DeadLetter:
        return dead_letter(raw, Refusal(self.handler.group, reason, error))

    def _dead_letter(self, letter: DeadLetter) -> bool:
        with self.ports.begin() as transaction:
            quota = dead_letter_quota(
                transaction,
                self.ports.dead_letters,
                self.ports.dead_letter_limit,
                topic=letter.topic,
                partition=letter.partition,
            )
            if quota > 0:
                self.ports.dead_letters.add(transaction, [letter])
        if quota == 0:
            return self._park(letter, Parking(TOO_MANY, f"{letter.reason}: {letter.message}"))
        log_dead_letter(letter)
        return True

    def _park(self, record: RawRecord | DeadLetter, parking: Parking) -> bool:
        with self.ports.begin() as transaction:
            is_new = self.ports.dead_letters.park_partition(
                transaction,
                group=self.handler.group,
                topic=record.topic,
                partition=record.partition,
                parking=parking,
            )
        if is_new:
            log_parked(record.topic, parking, partition=record.partition, group=self.handler.group)
        return False

    def _read_parked(self, transaction: T) -> set[PartitionId]:
        return self.ports.dead_letters.parked_partitions(transaction, group=self.handler.group)
