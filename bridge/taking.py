"""Taking the records of a lane topic in: each once, in order, by one owner at a time.

Progress, kept in the store, is the place to start from and the fence between owners: it moves from
the offset an owner expects in the transaction that takes the records in, or nothing is taken. What
was seen is dropped; what nobody can decode is a dead letter; when too much is, the partition is
parked, and stays in front of the first record that was not handled.

No Kafka and no SQL in here: a simulation drives it through its ports.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from app.services.dead_letter_limits import DeadLetterLimit
from app.services.lanes import (
    Begin,
    DeadLetter,
    DeadLetters,
    InboxRecord,
    Intake,
    LaneTopic,
    Parking,
)
from app.services.transactions import Transaction
from bridge.bounds import Bounds, refuse_added_partition, refuse_other_topic, refuse_outside
from bridge.checking import Sizes
from bridge.parts import Part, follows, looked_at, part_of
from bridge.records import RawRecord

Batches = Mapping[int, Sequence[RawRecord]]
"""By partition, records in offset order; never none."""


@dataclass(frozen=True, slots=True)
class TakingPorts:
    """The store of whoever takes in, and what it bears."""

    begin: Begin
    intake: Intake
    dead_letters: DeadLetters
    sizes: Sizes
    dead_letter_limit: DeadLetterLimit


@dataclass(frozen=True, slots=True)
class Taken:
    """What one transaction did.

    `positions` are the partitions' next offsets. Of those in `lost` nothing was taken, because
    another owner moved their progress: they must be started again. `parkings` came by it.
    """

    records: Sequence[InboxRecord]
    letters: Sequence[DeadLetter]
    positions: Mapping[int, int]
    lost: Collection[int]
    parkings: Mapping[int, Parking]


class Taking:
    """One owner of some partitions of one topic; after any failure a new one takes its place."""

    def __init__(self, lane: LaneTopic, ports: TakingPorts, *, topic_id: str) -> None:
        """`topic_id` is the id of the topic that is read."""
        self._lane, self._ports, self._topic_id = lane, ports, topic_id
        self._next: dict[int, int] = {}
        self._parked: set[int] = set()

    @property
    def positions(self) -> Mapping[int, int]:
        """By partition of ours, the next offset to take."""
        return self._next

    @property
    def parked(self) -> Collection[int]:
        """The partitions of which nothing is taken until a person frees them."""
        return self._parked

    def start(
        self,
        partitions: Collection[int],
        look: Callable[[Collection[int]], Mapping[int, Bounds]],
    ) -> dict[int, int]:
        """Begin with partitions that the group gave to us; by partition, where to read on.

        `look` tells what their logs hold now. It is asked after progress was read: another owner
        may move that meanwhile, and never beyond the log. Raises StoppedError when progress does
        not speak of the log that is there.
        """
        with self._ports.begin() as transaction:
            progress = self._ports.intake.progress_of(transaction, self._lane.topic.name)
        bounds = look(partitions)
        with self._ports.begin() as transaction:
            starts = self._begin_progress(transaction, progress, bounds)
            parked = self._read_parked(transaction)
        self._next |= starts
        self._parked = parked
        return starts

    def forget(self, partitions: Iterable[int]) -> None:
        """Take nothing more of partitions that the group gave to another."""
        for partition in partitions:
            self._next.pop(partition, None)

    def look_at_parked(self) -> set[int]:
        """See what a person has done meanwhile; the partitions that were freed."""
        with self._ports.begin() as transaction:
            parked = self._read_parked(transaction)
        freed = self._parked - parked
        self._parked = parked
        return freed

    def doubtful(self, batches: Batches) -> set[int]:
        """The partitions whose records are not just the next ones: their log may have lost some,
        and its bounds must be looked at before they are taken."""
        return {
            partition
            for partition, batch in batches.items()
            if partition in self._mine and not follows(self._next[partition], batch)
        }

    def refuse_lost(self, bounds: Mapping[int, Bounds]) -> None:
        """Raises StoppedError when a log of ours does not hold the next record to take."""
        for partition, found in bounds.items():
            offset = self._next.get(partition)
            if offset is not None:
                refuse_outside(self._lane.topic, partition, offset=offset, bounds=found)

    def take(self, batches: Batches) -> Taken:
        """Take in what of these records is ours and new.

        All or nothing. When it raises OutageError nobody knows which: then progress tells a new
        owner, and this one would lose its fence.
        """
        found = {
            partition: looked_at(batch, self._lane, self._ports.sizes)
            for partition, batch in sorted(self._new(batches).items())
        }
        with self._ports.begin() as transaction:
            parts = [
                part_of(partition, ones, room=self._room(transaction, partition, ones))
                for partition, ones in found.items()
            ]
            owned = [part for part in parts if self._move(transaction, part)]
            self._store(transaction, owned)
        self._next |= {part.partition: part.following for part in owned}
        self._parked |= {part.partition for part in owned if part.parking}
        return _taken(parts, owned)

    @property
    def _mine(self) -> Set[int]:
        return self._next.keys() - self._parked

    def _new(self, batches: Batches) -> dict[int, list[RawRecord]]:
        new = {
            partition: [raw for raw in batch if raw.offset >= self._next[partition]]
            for partition, batch in batches.items()
            if partition in self._mine
        }
        return {partition: batch for partition, batch in new.items() if batch}

    def _begin_progress(
        self,
        transaction: Transaction,
        progress: Mapping[int, tuple[int, str]],
        bounds: Mapping[int, Bounds],
    ) -> dict[int, int]:
        topic, intake = self._lane.topic, self._ports.intake
        starts = {}
        for partition, found in sorted(bounds.items()):
            offset, known_id = progress.get(partition, (found.first, self._topic_id))
            refuse_added_partition(topic, partition)
            refuse_other_topic(topic, topic_id=self._topic_id, known_id=known_id)
            refuse_outside(topic, partition, offset=offset, bounds=found)
            intake.begin_progress(
                transaction,
                topic=topic.name,
                partition=partition,
                topic_id=self._topic_id,
                offset=offset,
            )
            starts[partition] = offset
        return starts

    def _read_parked(self, transaction: Transaction) -> set[int]:
        parked = self._ports.dead_letters.parked_partitions(transaction, group=self._lane.group)
        return {partition for topic, partition in parked if topic == self._lane.topic.name}

    def _room(
        self, transaction: Transaction, partition: int, found: Sequence[InboxRecord | DeadLetter]
    ) -> int:
        """How many dead letters there may be among those found."""
        if not any(isinstance(one, DeadLetter) for one in found):
            return 0
        recent = self._ports.dead_letters.count_recent(
            transaction,
            topic=self._lane.topic.name,
            key=None,
            partition=partition,
            within_s=self._ports.dead_letter_limit.window_s,
        )
        return self._ports.dead_letter_limit.partition_quota(recent)

    def _move(self, transaction: Transaction, part: Part) -> bool:
        return self._ports.intake.move_progress(
            transaction,
            topic=self._lane.topic.name,
            partition=part.partition,
            expected=self._next[part.partition],
            following=part.following,
        )

    def _store(self, transaction: Transaction, parts: Sequence[Part]) -> None:
        self._ports.intake.take(transaction, [one for part in parts for one in part.records])
        for part in parts:
            if part.parking is not None:
                self._ports.dead_letters.park_partition(
                    transaction,
                    group=self._lane.group,
                    topic=self._lane.topic.name,
                    partition=part.partition,
                    parking=part.parking,
                )
        letters = [letter for part in parts for letter in part.letters]
        if letters:
            self._ports.dead_letters.add(transaction, letters)


def _taken(parts: Sequence[Part], owned: Sequence[Part]) -> Taken:
    return Taken(
        records=[one for part in owned for one in part.records],
        letters=[letter for part in owned for letter in part.letters],
        positions={part.partition: part.following for part in owned},
        lost={part.partition for part in parts} - {part.partition for part in owned},
        parkings={part.partition: part.parking for part in owned if part.parking is not None},
    )
