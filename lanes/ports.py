"""What the platform needs of a store; the drivers are in lanes/postgres."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from lanes.dead_letter import DeadLetter, Parking
from lanes.record import InboxRecord, OutboxMessage

T = TypeVar("T")
"""An open transaction of the store: with PostgreSQL, a connection of SQLAlchemy in one.

The core only hands it on, from `Begin` to the ports of the same store and to its handlers.
"""

T_contra = TypeVar("T_contra", contravariant=True)
"""The same, in ports."""

Begin = Callable[[], AbstractContextManager[T]]
"""Begins a transaction: committed when left, rolled back by an exception.

Raises OutageError when the store is away or somebody else holds a lock for too long,
UnusableDatabaseError when it may not be used, and BadDataError when it refuses a
value for good.
"""


class InboxWriter(Protocol[T_contra]):
    """The store's side of ingest: progress, the fence between owners, and the inbox."""

    def progress_of(self, transaction: T_contra, topic: str) -> dict[int, tuple[int, str]]:
        """Return by partition the next offset to ingest and the id the topic had at first."""
        ...

    def begin_progress(
        self, transaction: T_contra, *, topic: str, partition: int, topic_id: str, offset: int
    ) -> None:
        """Create the progress of a partition at `offset`, unless there is one."""
        ...

    def move_progress(
        self,
        transaction: T_contra,
        *,
        topic: str,
        partition: int,
        expected: int,
        next_offset: int,
    ) -> bool:
        """Move progress from `expected`; return False when it was elsewhere."""
        ...

    def insert(self, transaction: T_contra, records: Sequence[InboxRecord]) -> None:
        """Insert records into the inbox."""
        ...


class Lanes(Protocol[T_contra]):
    """The store's side of settling: lanes' waiting records, and outgoing messages."""

    def claim(
        self, transaction: T_contra, *, topic: str, keys: Sequence[str], limit: int
    ) -> dict[str, list[InboxRecord]]:
        """Claim lanes until the transaction ends, and `read` each; return them by key.

        A lane that another transaction has claimed is left out. A claim spares the work of a
        second worker and promises nothing: the guards of the writes decide who settles a record.
        """
        ...

    def read(self, transaction: T_contra, *, topic: str, key: str, limit: int) -> list[InboxRecord]:
        """Return the oldest records of a lane, in offset order; none of a parked lane."""
        ...

    def read_those(
        self, transaction: T_contra, *, topic: str, key: str, offsets: Sequence[int]
    ) -> list[InboxRecord]:
        """Return those of the named records that still wait, in offset order; none of a parked
        lane."""
        ...

    def settle(
        self,
        transaction: T_contra,
        records: Sequence[InboxRecord],
        messages: Sequence[OutboxMessage],
    ) -> None:
        """Remove exactly `records`, all of one topic, and hand messages to the relay.

        Raise VersionConflictError when one of the records is gone already. The last statement of a
        transaction that has locked the lanes' states, so that the ids of messages rise per lane.
        """
        ...

    def count_failure(self, transaction: T_contra, records: Sequence[InboxRecord]) -> None:
        """Count one more failed settle of each record."""
        ...

    def park(self, transaction: T_contra, *, topic: str, key: str, parking: Parking) -> bool:
        """Park the lane until an operator unparks it; return False when it was parked before."""
        ...


@dataclass(frozen=True, slots=True)
class FoundClaim:
    """What is known of a lane that was claimed before.

    `crashes` is how many workers have died of its first record alone. `is_isolated`: it is settled
    one record at a time, because a worker died of it, or because it has one record.
    """

    crashes: int
    is_isolated: bool


class Claims(Protocol[T_contra]):
    """The store's side of finding records that kill workers: claims that outlive their worker.

    A claim names the first record of a batch, and the last one. It is held until it is released or
    cleared; one of an earlier start of the store is not.
    """

    def write(
        self, transaction: T_contra, *, topic: str, ranges: Mapping[str, tuple[int, int]]
    ) -> set[str]:
        """Write the claims of lanes that have none, and return their keys.

        `ranges`: by key, the offsets of the first record and of the last one.
        """
        ...

    def write_again(
        self, transaction: T_contra, *, topic: str, key: str, first: int, last: int
    ) -> FoundClaim:
        """Write the claim of a lane that may have one, and return what that one says.

        One of the same first record that is held means that its worker died: the lane is isolated
        up to the last record of that claim, and if it was so before, a crash is counted. Of another
        first record of these no crash is known.
        """
        ...

    def clear(self, transaction: T_contra, *, topic: str, ends: Mapping[str, int]) -> None:
        """Remove the claims, by key, whose last record is at this offset or before."""
        ...

    def release(self, transaction: T_contra, firsts: Mapping[tuple[str, str], int]) -> None:
        """Note that no worker died of the claims, by topic and key, of these first records.

        They are removed, but for those of isolated lanes.
        """
        ...


class DeadLetters(Protocol[T_contra]):
    """The store's side of dead letters."""

    def count_recent(
        self,
        transaction: T_contra,
        *,
        topic: str,
        key: str | None,
        partition: int,
        within_s: float,
    ) -> tuple[int, int]:
        """Return how many dead letters the lane and the partition got within `within_s` seconds."""
        ...

    def add(self, transaction: T_contra, letters: Sequence[DeadLetter]) -> None:
        """Store dead letters and queue each for its topic; one that is stored already stays as it
        is."""
        ...

    def park_partition(
        self, transaction: T_contra, *, group: str, topic: str, partition: int, parking: Parking
    ) -> bool:
        """Park the partition until an operator unparks it; return False when it was parked
        before."""
        ...

    def parked_partitions(self, transaction: T_contra, *, group: str) -> set[tuple[str, int]]:
        """Return the parked (topic, partition)s of the group."""
        ...
