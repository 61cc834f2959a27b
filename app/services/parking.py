"""Parked lanes and partitions: what waits for a person, and letting it go on.

Parking loses nothing: a lane's records wait in the inbox, a partition's in Kafka.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app.domain.errors import FieldFault, InvalidError, NotFoundError
from app.services.lanes import Lanes, Parking
from app.services.transactions import Transaction
from app.services.waking import Waker

BY_HAND = "ByHand"
"""The reason of what a person has parked."""

PartitionId = tuple[str, int]
"""A topic and a partition."""


@dataclass(frozen=True, slots=True)
class ParkedLane:
    """A lane of which nothing is settled; `waiting` counts its records."""

    topic: str
    key: str
    reason: str
    message: str
    since: datetime
    waiting: int


@dataclass(frozen=True, slots=True)
class ParkedPartition:
    """A partition from which a consumer group takes nothing."""

    group: str
    topic: str
    partition: int
    reason: str
    message: str
    since: datetime


class ParkedStore(Protocol):
    """What is parked. All raise BusyError when the store cannot answer."""

    def lanes(self, limit: int) -> list[ParkedLane]:
        """At most `limit`, the oldest first."""
        ...

    def partitions(self, limit: int) -> list[ParkedPartition]:
        """At most `limit`, the oldest first."""
        ...

    def unpark(self, topic: str, key: str) -> bool:
        """Settle it again, its records as if none had failed; False when it was not parked."""
        ...

    def unpark_partition(self, group: str, topic: str, partition: int) -> bool:
        """Take from it again; False when it was not parked."""
        ...


class Lags(Protocol):
    """How far consumer groups are behind."""

    def lag(self, group: str, partitions: Sequence[PartitionId]) -> dict[PartitionId, int]:
        """Records between what the group has committed and the end. Raises BusyError."""
        ...


class Parked:
    """What operators do about parked lanes and partitions."""

    def __init__(
        self,
        store: ParkedStore,
        lanes: Lanes,
        lags: Lags,
        waker: Waker,
        *,
        begin: Callable[[], AbstractContextManager[Transaction]],
        topics: Collection[str],
    ) -> None:
        """`topics` are those that have lanes."""
        self._store, self._lanes, self._lags, self._waker = store, lanes, lags, waker
        self._begin, self._topics = begin, topics

    def lanes(self, limit: int) -> list[ParkedLane]:
        """At most `limit`, the oldest first. Raises BusyError."""
        return self._store.lanes(limit)

    def partitions(self, limit: int) -> list[tuple[ParkedPartition, int]]:
        """At most `limit`, the oldest first, each with the records that wait in it.

        Raises BusyError.
        """
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
        """Hold a lane. Raises NotFoundError for a topic without lanes, InvalidError (`key`)."""
        if topic not in self._topics:
            raise NotFoundError(f"no topic {topic} has lanes: {', '.join(sorted(self._topics))}")
        with self._begin() as transaction:
            parking = Parking(BY_HAND, message)
            if not self._lanes.park(transaction, topic=topic, key=key, parking=parking):
                fault = FieldFault("key", "PARKED", f"{topic} {key} is parked already")
                raise InvalidError([fault])

    def unpark(self, topic: str, key: str) -> None:
        """Let a lane go on, now. Raises NotFoundError when it is not parked."""
        if not self._store.unpark(topic, key):
            raise NotFoundError(f"no lane {topic} {key} is parked")
        self._waker.enqueue([(topic, key)])

    def unpark_partition(self, group: str, topic: str, partition: int) -> None:
        """Let a group take from a partition again. Raises NotFoundError when it is not parked."""
        if not self._store.unpark_partition(group, topic, partition):
            raise NotFoundError(f"no partition {topic}/{partition} of group {group} is parked")
