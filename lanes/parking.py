"""Parked lanes and partitions: listing, parking and unparking them.

Parking loses nothing: a lane's records wait in the inbox, a partition's in Kafka.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol

from lanes.dead_letter import Parking
from lanes.errors import AlreadyParkedError, NotFoundError
from lanes.ports import Begin, Lanes, T
from lanes.topic import PartitionId
from lanes.wake import Waker

BY_HAND = "ByHand"
"""The reason of what an operator has parked."""


@dataclass(frozen=True, slots=True)
class ParkedLane:
    """A lane that is not settled; `waiting` counts its records."""

    topic: str
    key: str
    reason: str
    message: str
    since: datetime
    waiting: int


@dataclass(frozen=True, slots=True)
class ParkedPartition:
    """A partition from which a consumer group processes nothing."""

    group: str
    topic: str
    partition: int
    reason: str
    message: str
    since: datetime


class ParkedStore(Protocol):
    """Parked lanes and partitions. Methods raise OutageError when the store cannot answer."""

    def lanes(self, limit: int) -> list[ParkedLane]:
        """Return at most `limit` lanes, oldest first."""
        ...

    def partitions(self, limit: int) -> list[ParkedPartition]:
        """Return at most `limit` partitions, oldest first."""
        ...

    def unpark(self, topic: str, key: str) -> bool:
        """Unpark the lane and reset its failure counts; return False when it was not parked."""
        ...

    def unpark_partition(self, group: str, topic: str, partition: int) -> bool:
        """Unpark the partition; return False when it was not parked."""
        ...


class Lags(Protocol):
    """The lag of consumer groups."""

    def lag(self, group: str, partitions: Sequence[PartitionId]) -> dict[PartitionId, int]:
        """Return the records between the committed offset and the end. Raise OutageError."""
        ...


class Parked(Generic[T]):
    """The operators' use-cases of parked lanes and partitions."""

    def __init__(
        self,
        store: ParkedStore,
        lanes: Lanes[T],
        lags: Lags,
        waker: Waker,
        *,
        begin: Begin[T],
        topics: Collection[str],
    ) -> None:
        """`topics` are the topics that have lanes."""
        self._store, self._lanes, self._lags, self._waker = store, lanes, lags, waker
        self._begin, self._topics = begin, topics

    def lanes(self, limit: int) -> list[ParkedLane]:
        """Return at most `limit` lanes, oldest first. Raise OutageError."""
        return self._store.lanes(limit)

    def partitions(self, limit: int) -> list[tuple[ParkedPartition, int]]:
        """Return at most `limit` partitions, oldest first, each with its lag. Raise OutageError."""
        found = self._store.partitions(limit)
        groups = {parked.group for parked in found}
        lags: Mapping[str, Mapping[PartitionId, int]] = {
            group: self._lags.lag(
                group,
                [(parked.topic, parked.partition) for parked in found if parked.group == group],
            )
            for group in groups
        }
        return [(each, lags[each.group][each.topic, each.partition]) for each in found]

    def park(self, topic: str, key: str, message: str) -> None:
        """Park a lane. Raise NotFoundError for a topic without lanes, AlreadyParkedError."""
        if topic not in self._topics:
            raise NotFoundError(f"no topic {topic} has lanes: {', '.join(sorted(self._topics))}")
        with self._begin() as transaction:
            parking = Parking(BY_HAND, message)
            if not self._lanes.park(transaction, topic=topic, key=key, parking=parking):
                raise AlreadyParkedError(f"{topic} {key} is parked already")

    def unpark(self, topic: str, key: str) -> None:
        """Unpark a lane and wake it. Raise NotFoundError when it is not parked."""
        if not self._store.unpark(topic, key):
            raise NotFoundError(f"no lane {topic} {key} is parked")
        self._waker.enqueue([(topic, key)])

    def unpark_partition(self, group: str, topic: str, partition: int) -> None:
        """Unpark a partition of a group. Raise NotFoundError when it is not parked."""
        if not self._store.unpark_partition(group, topic, partition):
            raise NotFoundError(f"no partition {topic}/{partition} of group {group} is parked")
