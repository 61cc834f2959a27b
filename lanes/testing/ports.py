"""The platform's ports on the store in memory: what the SQL in lanes/postgres does, row by row.

tests/contract runs the same tests against these and against PostgreSQL.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from lanes.dead_letter import DeadLetter, Parking
from lanes.errors import BadDataError, GoneError, VersionConflictError
from lanes.parking import ParkedLane, ParkedPartition
from lanes.ports import FoundClaim
from lanes.record import InboxRecord, OutboxMessage
from lanes.testing.store import MemoryStore, MemoryTransaction

OWN = "lanes."
"""How the names of the platform's own tables begin."""

INBOX = f"{OWN}inbox"  # by (topic, partition, offset), the InboxRecord
PROGRESS = f"{OWN}progress"  # by (topic, partition), the next offset and the topic's id
LANE_LOCKS = f"{OWN}lane_locks"  # by (topic, key), only locks
CLAIMS = f"{OWN}claims"  # by (topic, key), the StoredClaim
DEAD_LETTERS = f"{OWN}dead_letters"  # by (topic, partition, offset), the letter and when it came
PARKED_LANES = f"{OWN}parked_lanes"  # by (topic, key), the Parking and since when
PARKED_PARTITIONS = f"{OWN}parked_partitions"  # by (group, topic, partition), the same


@dataclass(frozen=True, slots=True)
class StoredClaim:
    """A claim of the records of a lane from `first` to `last`."""

    first: int
    last: int
    is_isolated: bool
    crashes: int = 0
    is_held: bool = True


class MemoryPorts:
    """The ports InboxWriter, Lanes, Claims and DeadLetters.

    `now` is their clock, in seconds since 1970.
    """

    now: float = 0.0

    def progress_of(self, transaction: MemoryTransaction, topic: str) -> dict[int, tuple[int, str]]:
        """Return by partition the next offset to ingest and the id the topic had at first."""
        rows = transaction.scan(PROGRESS).items()
        return {partition: row for (of, partition), row in rows if of == topic}

    def begin_progress(
        self,
        transaction: MemoryTransaction,
        *,
        topic: str,
        partition: int,
        topic_id: str,
        offset: int,
    ) -> None:
        """Create the progress of a partition at `offset`, unless there is one."""
        _insert(transaction, PROGRESS, (topic, partition), (offset, topic_id))

    def move_progress(
        self,
        transaction: MemoryTransaction,
        *,
        topic: str,
        partition: int,
        expected: int,
        next_offset: int,
    ) -> bool:
        """Move progress from `expected`; return False when it was elsewhere."""
        with transaction.statement():
            row = transaction.lock(PROGRESS, (topic, partition))
            if row is None or row[0] != expected:
                return False
            transaction.put(PROGRESS, (topic, partition), (next_offset, row[1]))
            return True

    def insert(self, transaction: MemoryTransaction, records: Sequence[InboxRecord]) -> None:
        """Insert records into the inbox. Raise BadDataError when one is there already."""
        with transaction.statement():
            for record in records:
                row = replace(record, ingested_at_s=self.now)
                if not _insert(transaction, INBOX, _record_id(record), row):
                    raise BadDataError("a record is in the inbox already")

    def claim(
        self, transaction: MemoryTransaction, *, topic: str, keys: Sequence[str], limit: int
    ) -> dict[str, list[InboxRecord]]:
        """Claim lanes until the transaction ends, and read each; those of others are left out."""
        with transaction.statement():
            return {
                key: self.read(transaction, topic=topic, key=key, limit=limit)
                for key in keys
                if transaction.try_lock(LANE_LOCKS, (topic, key))
            }

    def read(
        self, transaction: MemoryTransaction, *, topic: str, key: str, limit: int
    ) -> list[InboxRecord]:
        """Return the oldest records of a lane, in offset order; none of a parked lane."""
        return _lane(transaction, topic, key)[:limit]

    def read_those(
        self, transaction: MemoryTransaction, *, topic: str, key: str, offsets: Sequence[int]
    ) -> list[InboxRecord]:
        """Return those of the named records that still wait, in offset order; none of a parked
        lane."""
        return [one for one in _lane(transaction, topic, key) if one.offset in offsets]

    def settle(
        self,
        transaction: MemoryTransaction,
        records: Sequence[InboxRecord],
        messages: Sequence[OutboxMessage],
    ) -> None:
        """Remove exactly `records`, all of one topic, and put messages into the outbox.

        Raise VersionConflictError when one of the records is gone already.
        """
        with transaction.statement():
            removed = [transaction.delete(INBOX, _record_id(record)) for record in records]
            for message in messages:
                transaction.send(message)
        if not all(removed):
            raise VersionConflictError(f"{records[0].topic}/{records[0].key}")

    def count_failure(self, transaction: MemoryTransaction, records: Sequence[InboxRecord]) -> None:
        """Count one more failed settle of each record that still waits."""
        with transaction.statement():
            for record in records:
                row = transaction.lock(INBOX, _record_id(record))
                if row is not None:
                    counted = replace(
                        row,
                        attempts=row.attempts + 1,
                        first_failed_at=row.first_failed_at or _moment(self.now),
                    )
                    transaction.put(INBOX, _record_id(record), counted)

    def park(
        self, transaction: MemoryTransaction, *, topic: str, key: str, parking: Parking
    ) -> bool:
        """Park the lane until an operator unparks it; return False when it was parked before."""
        return _insert(transaction, PARKED_LANES, (topic, key), (parking, self.now))

    def write(
        self, transaction: MemoryTransaction, *, topic: str, ranges: Mapping[str, tuple[int, int]]
    ) -> set[str]:
        """Write the claims of lanes that have none, and return their keys."""
        with transaction.statement():
            return {
                key
                for key, (first, last) in ranges.items()
                if _insert(transaction, CLAIMS, (topic, key), _new_claim(first, last))
            }

    def write_again(
        self, transaction: MemoryTransaction, *, topic: str, key: str, first: int, last: int
    ) -> FoundClaim:
        """Write the claim of a lane that may have one, and return what that one says."""
        with transaction.statement():
            found = transaction.lock(CLAIMS, (topic, key))
            claim = _new_claim(first, last) if found is None else _again(found, first, last)
            transaction.put(CLAIMS, (topic, key), claim)
        return FoundClaim(claim.crashes, claim.is_isolated)

    def clear(self, transaction: MemoryTransaction, *, topic: str, ends: Mapping[str, int]) -> None:
        """Remove the claims that end at these offsets or before."""
        with transaction.statement():
            for key, last in ends.items():
                found = transaction.get(CLAIMS, (topic, key))
                if found is not None and found.last <= last:
                    transaction.delete(CLAIMS, (topic, key))

    def release(
        self, transaction: MemoryTransaction, firsts: Mapping[tuple[str, str], int]
    ) -> None:
        """Note that nobody died of these claims; those of isolated lanes stay."""
        with transaction.statement():
            for lane, first in firsts.items():
                found = transaction.get(CLAIMS, lane)
                if found is None or found.first != first:
                    continue
                if found.is_isolated:
                    transaction.put(CLAIMS, lane, replace(found, is_held=False))
                else:
                    transaction.delete(CLAIMS, lane)

    def count_recent(
        self,
        transaction: MemoryTransaction,
        *,
        topic: str,
        key: str | None,
        partition: int,
        within_s: float,
    ) -> tuple[int, int]:
        """Return how many dead letters the lane and the partition got within `within_s` seconds,
        those of records lost by a restore aside."""
        recent = [
            letter
            for letter, since in transaction.scan(DEAD_LETTERS).values()
            if letter.topic == topic
            and letter.error_class != GoneError.__name__
            and since > self.now - within_s
        ]
        raw_key = None if key is None else key.encode()
        of_lane = sum(key is not None and letter.raw_key == raw_key for letter in recent)
        return of_lane, sum(letter.partition == partition for letter in recent)

    def add(self, transaction: MemoryTransaction, letters: Sequence[DeadLetter]) -> None:
        """Store dead letters and queue each for its topic; one that is stored already stays as it
        is."""
        for letter in letters:
            with transaction.statement():
                if _insert(transaction, DEAD_LETTERS, _record_id(letter), (letter, self.now)):
                    transaction.send(letter)

    def park_partition(
        self,
        transaction: MemoryTransaction,
        *,
        group: str,
        topic: str,
        partition: int,
        parking: Parking,
    ) -> bool:
        """Park the partition until an operator unparks it; return False when it was parked
        before."""
        row = (parking, self.now)
        return _insert(transaction, PARKED_PARTITIONS, (group, topic, partition), row)

    def parked_partitions(
        self, transaction: MemoryTransaction, *, group: str
    ) -> set[tuple[str, int]]:
        """Return the parked (topic, partition)s of the group."""
        parked = transaction.scan(PARKED_PARTITIONS)
        return {(topic, partition) for of, topic, partition in parked if of == group}


class MemoryParkedStore:
    """The port ParkedStore."""

    def __init__(self, store: MemoryStore) -> None:
        self._begin = store.begin

    def lanes(self, limit: int) -> list[ParkedLane]:
        """Return at most `limit` lanes, oldest first."""
        with self._begin() as transaction:
            inbox = transaction.scan(INBOX).values()
            found = [
                ParkedLane(
                    topic,
                    key,
                    parking.reason,
                    parking.message,
                    _moment(since),
                    sum((record.topic, record.key) == (topic, key) for record in inbox),
                )
                for (topic, key), (parking, since) in transaction.scan(PARKED_LANES).items()
            ]
        return sorted(found, key=lambda lane: (lane.since, lane.topic, lane.key))[:limit]

    def partitions(self, limit: int) -> list[ParkedPartition]:
        """Return at most `limit` partitions, oldest first."""
        with self._begin() as transaction:
            found = [
                ParkedPartition(
                    group, topic, partition, parking.reason, parking.message, _moment(since)
                )
                for (group, topic, partition), (parking, since) in transaction.scan(
                    PARKED_PARTITIONS
                ).items()
            ]
        return sorted(found, key=lambda one: (one.since, one.group, one.topic, one.partition))[
            :limit
        ]

    def unpark(self, topic: str, key: str) -> bool:
        """Unpark the lane and reset its failure counts; return False when it was not parked."""
        with self._begin() as transaction:
            if not transaction.delete(PARKED_LANES, (topic, key)):
                return False
            transaction.delete(CLAIMS, (topic, key))
            with transaction.statement():
                for record_id, record in transaction.scan(INBOX).items():
                    if (record.topic, record.key) == (topic, key) and record.attempts:
                        row = replace(record, attempts=0, first_failed_at=None)
                        transaction.put(INBOX, record_id, row)
            return True

    def unpark_partition(self, group: str, topic: str, partition: int) -> bool:
        """Unpark the partition; return False when it was not parked."""
        with self._begin() as transaction:
            return transaction.delete(PARKED_PARTITIONS, (group, topic, partition))


def _new_claim(first: int, last: int) -> StoredClaim:
    return StoredClaim(first, last, is_isolated=first == last)


def _again(found: StoredClaim, first: int, last: int) -> StoredClaim:
    """Return the claim of these records of a lane in which `found` was left."""
    is_same = found.first == first
    is_suspect = found.is_isolated or (is_same and found.is_held)
    if not is_suspect or not found.first <= first <= found.last:
        return _new_claim(first, last)
    crashes = found.crashes + found.is_held if is_same and found.is_isolated else 0
    return StoredClaim(first, found.last, is_isolated=True, crashes=crashes)


def _lane(transaction: MemoryTransaction, topic: str, key: str) -> list[InboxRecord]:
    with transaction.statement():
        if transaction.get(PARKED_LANES, (topic, key)) is not None:
            return []
        waiting = transaction.scan(INBOX).values()
    found = [record for record in waiting if (record.topic, record.key) == (topic, key)]
    return sorted(found, key=lambda record: record.offset)


def _insert(transaction: MemoryTransaction, table: str, key: object, row: object) -> bool:
    """Insert the row unless the key has one, as ON CONFLICT DO NOTHING; return whether it did."""
    with transaction.statement():
        if transaction.lock(table, key) is not None:
            return False
        transaction.put(table, key, row)
        return True


def _record_id(record: InboxRecord | DeadLetter) -> tuple[str, int, int]:
    return record.topic, record.partition, record.offset


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
