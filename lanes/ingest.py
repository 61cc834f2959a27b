"""Ingest of a lane topic: each record once, in order, by one owner at a time.

Progress, kept in the store, is the offset to start from and the fence between owners: the
transaction that inserts the records moves it from the offset this owner expects, or inserts
nothing. Records already ingested are dropped; undecodable ones become dead letters; above their
limit the partition is parked, and stays before the first record that was not handled. No Kafka and
no SQL in here: a simulation drives it through its ports.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Generic, Never

from lanes.bounds import Bounds, refuse_added_partition, refuse_other_topic, refuse_outside
from lanes.checking import Sizes
from lanes.dead_letter import DeadLetter, Parking
from lanes.dead_letter_quota import dead_letter_quota
from lanes.handler import LaneTopic
from lanes.ingest_plan import IngestPlan, checked_records, is_contiguous, plan_partition
from lanes.policy import DeadLetterLimit
from lanes.ports import Begin, DeadLetters, InboxWriter, T
from lanes.record import InboxRecord, RawRecord

Batches = Mapping[int, Sequence[RawRecord]]
"""By partition, records in offset order; never none."""


@dataclass(frozen=True, slots=True)
class IngestorPorts(Generic[T]):
    """The store of the ingestor, and its limits."""

    begin: Begin[T]
    inbox_writer: InboxWriter[T]
    dead_letters: DeadLetters[T]
    sizes: Sizes
    dead_letter_limit: DeadLetterLimit


@dataclass(frozen=True, slots=True)
class IngestResult:
    """The result of one transaction.

    `positions` are the partitions' next offsets. In `lost` partitions nothing was ingested, because
    another owner moved their progress: they must be started again. `parkings` are the partitions it
    parked.
    """

    records: Sequence[InboxRecord]
    letters: Sequence[DeadLetter]
    positions: Mapping[int, int]
    lost: Collection[int]
    parkings: Mapping[int, Parking]


class Ingestor(Generic[T]):
    """The owner of some partitions of one topic; after any failure a new one replaces it."""

    def __init__(self, lane: LaneTopic[Never], ports: IngestorPorts[T], *, topic_id: str) -> None:
        """`topic_id` is the id of the topic that is read."""
        self._lane, self._ports, self._topic_id = lane, ports, topic_id
        self._next: dict[int, int] = {}
        self._parked: set[int] = set()

    @property
    def positions(self) -> Mapping[int, int]:
        """The next offset to ingest, by owned partition."""
        return self._next

    @property
    def parked(self) -> Collection[int]:
        """The partitions that are not ingested until an operator unparks them."""
        return self._parked

    def start(
        self,
        partitions: Collection[int],
        read_bounds: Callable[[Collection[int]], Mapping[int, Bounds]],
    ) -> dict[int, int]:
        """Start assigned partitions; return by partition the offset to seek to.

        `read_bounds` returns what Kafka holds of them. It is called after progress was read:
        another owner may move progress meanwhile, but never beyond the end. Raise StoppedError when
        progress does not fit the topic.
        """
        with self._ports.begin() as transaction:
            progress = self._ports.inbox_writer.progress_of(transaction, self._lane.topic.name)
        bounds = read_bounds(partitions)
        with self._ports.begin() as transaction:
            starts = self._begin_progress(transaction, progress, bounds)
            parked = self._read_parked(transaction)
        self._next |= starts
        self._parked = parked
        return starts

    def revoke(self, partitions: Iterable[int]) -> None:
        """Stop ingesting partitions that were assigned to another member."""
        for partition in partitions:
            self._next.pop(partition, None)

    def refresh_parked(self) -> set[int]:
        """Read again which partitions are parked; return those that were unparked."""
        with self._ports.begin() as transaction:
            parked = self._read_parked(transaction)
        freed = self._parked - parked
        self._parked = parked
        return freed

    def partitions_with_gap(self, batches: Batches) -> set[int]:
        """Return the partitions whose batch does not continue at the next offset: Kafka may have
        lost records, so their bounds must be checked first."""
        return {
            partition
            for partition, batch in batches.items()
            if partition in self._owned and not is_contiguous(self._next[partition], batch)
        }

    def check_truncated(self, bounds: Mapping[int, Bounds]) -> None:
        """Raise StoppedError when Kafka no longer holds the next record to ingest."""
        for partition, found in bounds.items():
            offset = self._next.get(partition)
            if offset is not None:
                refuse_outside(self._lane.topic, partition, offset=offset, bounds=found)

    def ingest(self, batches: Batches) -> IngestResult:
        """Ingest those of these records that are owned and new, all or nothing.

        After OutageError it is unknown which: then progress tells a new owner, and this one has
        lost its fence.
        """
        found = {
            partition: checked_records(batch, self._lane, self._ports.sizes)
            for partition, batch in sorted(self._new(batches).items())
        }
        with self._ports.begin() as transaction:
            plans = [
                plan_partition(
                    partition, checked, quota=self._quota(transaction, partition, checked)
                )
                for partition, checked in found.items()
            ]
            owned = [plan for plan in plans if self._move(transaction, plan)]
            self._store(transaction, owned)
        self._next |= {plan.partition: plan.next_offset for plan in owned}
        self._parked |= {plan.partition for plan in owned if plan.parking}
        return _result(plans, owned)

    @property
    def _owned(self) -> Set[int]:
        return self._next.keys() - self._parked

    def _new(self, batches: Batches) -> dict[int, list[RawRecord]]:
        new = {
            partition: [raw for raw in batch if raw.offset >= self._next[partition]]
            for partition, batch in batches.items()
            if partition in self._owned
        }
        return {partition: batch for partition, batch in new.items() if batch}

    def _begin_progress(
        self,
        transaction: T,
        progress: Mapping[int, tuple[int, str]],
        bounds: Mapping[int, Bounds],
    ) -> dict[int, int]:
        topic, inbox_writer = self._lane.topic, self._ports.inbox_writer
        starts = {}
        for partition, found in sorted(bounds.items()):
            offset, stored_id = progress.get(partition, (found.first, self._topic_id))
            refuse_added_partition(topic, partition)
            refuse_other_topic(topic, topic_id=self._topic_id, stored_id=stored_id)
            refuse_outside(topic, partition, offset=offset, bounds=found)
            inbox_writer.begin_progress(
                transaction,
                topic=topic.name,
                partition=partition,
                topic_id=self._topic_id,
                offset=offset,
            )
            starts[partition] = offset
        return starts

    def _read_parked(self, transaction: T) -> set[int]:
        parked = self._ports.dead_letters.parked_partitions(transaction, group=self._lane.group)
        return {partition for topic, partition in parked if topic == self._lane.topic.name}

    def _quota(
        self, transaction: T, partition: int, found: Sequence[InboxRecord | DeadLetter]
    ) -> int:
        """Return how many dead letters are allowed among `found`."""
        if not any(isinstance(one, DeadLetter) for one in found):
            return 0
        return dead_letter_quota(
            transaction,
            self._ports.dead_letters,
            self._ports.dead_letter_limit,
            topic=self._lane.topic.name,
            partition=partition,
        )

    def _move(self, transaction: T, plan: IngestPlan) -> bool:
        return self._ports.inbox_writer.move_progress(
            transaction,
            topic=self._lane.topic.name,
            partition=plan.partition,
            expected=self._next[plan.partition],
            next_offset=plan.next_offset,
        )

    def _store(self, transaction: T, plans: Sequence[IngestPlan]) -> None:
        self._ports.inbox_writer.insert(
            transaction, [one for plan in plans for one in plan.records]
        )
        for plan in plans:
            if plan.parking is not None:
                self._ports.dead_letters.park_partition(
                    transaction,
                    group=self._lane.group,
                    topic=self._lane.topic.name,
                    partition=plan.partition,
                    parking=plan.parking,
                )
        letters = [letter for plan in plans for letter in plan.letters]
        if letters:
            self._ports.dead_letters.add(transaction, letters)


def _result(plans: Sequence[IngestPlan], owned: Sequence[IngestPlan]) -> IngestResult:
    return IngestResult(
        records=[one for plan in owned for one in plan.records],
        letters=[letter for plan in owned for letter in plan.letters],
        positions={plan.partition: plan.next_offset for plan in owned},
        lost={plan.partition for plan in plans} - {plan.partition for plan in owned},
        parkings={plan.partition: plan.parking for plan in owned if plan.parking is not None},
    )
