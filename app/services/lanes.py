"""The interface between the task platform and its users: a topic, a codec, a handler of its lanes.

The platform (bridge and workers) keeps the records of one key in order and settles each once. It
knows nothing of auctions; `LaneTopic` is its whole input. Its store is behind the ports at the end.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

from app.domain.errors import DomainError
from app.protocol.topics import Topic
from app.services.auditing.ports import LaneAudit
from app.services.auditing.results import AuditResults
from app.services.transactions import Transaction

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)
S = TypeVar("S")

Begin = Callable[[], AbstractContextManager[Transaction]]
"""Begins a transaction: committed when left, rolled back by an exception.

Raises OutageError when the store is away or somebody else holds a lock for too long,
OlderDatabaseError when it was restored and may not be used yet, and BadDataError when it refuses a
value for good.
"""


@dataclass(frozen=True, slots=True)
class InboxRecord:
    """A record that was ingested and not yet settled; `log_time` is the broker's append time.

    `attempts` counts the failed settles it took part in; `replays` how often it was replayed after
    it had become a dead letter. `traceparent` holds the contexts of the sampled traces it belongs
    to (app/observability/tracing.py).
    """

    topic: str
    partition: int
    offset: int
    key: str
    payload: str
    log_time: datetime
    attempts: int = 0
    first_failed_at: datetime | None = None
    replays: int = 0
    ingested_at_s: float | None = field(
        default=None, compare=False
    )  # since 1970; set once it is in
    traceparent: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """A message that leaves for Kafka once the transaction that wrote it is committed.

    The platform sets `traceparent`, to the contexts of the sampled records that caused it.
    """

    topic: str
    key: str
    payload: str
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """The result of settling a batch: messages to send, and a call after the commit.

    `after_commit` may be lost with the process: it must only log, or do early what a sweep does
    too.
    """

    messages: Sequence[OutboxMessage]
    after_commit: Callable[[], None] | None = None


class LaneHandler(Protocol[T_contra, S]):
    """Decides the records of one lane inside a transaction of the platform's.

    Any other error than those named here is the fault of a record.
    """

    def load(self, transaction: T_contra, key: str, records: Sequence[InboxRecord]) -> S:
        """Return the lane's state, with its version, and what else settling `records` needs.

        Raise UnknownLaneError when there is no such lane. Any other error is no record's fault: an
        undecodable record is reported by `settle`.
        """

    def settle(self, transaction: T_contra, state: S, records: Sequence[InboxRecord]) -> Settlement:
        """Decide `records`, those passed to `load`, in log order, and store the result.

        Raise VersionConflictError when the state has changed since `load`, and FutureVersionError
        when a record has a schema version newer than this code.
        """

    def fail(self, transaction: T_contra, key: str, records: Sequence[InboxRecord]) -> Settlement:
        """Store that `records` became dead letters; return the messages for those who wait for
        them.

        Lock the state and raise its version first, so that no worker settles them meanwhile. A lane
        that does not exist, or an undecodable record, causes no message.
        """

    def settled(self, transaction: T_contra, payloads: Sequence[bytes]) -> list[bool]:
        """Return for each of these records whether it has had its effect, at any offset."""


@dataclass(frozen=True, slots=True)
class LaneTopic:
    """A topic whose records the platform settles per key, and their handler."""

    topic: Topic
    group: str
    queue: str
    check: Callable[[str, bytes], object]
    """Decodes (key, value). Raises BadRecordError for a record nobody will ever understand;
    FutureVersionError is not its fault: the record is taken."""
    identify: Callable[[bytes], str | None]
    """The id by which logs follow a record; None when it has none or cannot be read."""
    handler: LaneHandler[Any, Any]
    audit: Callable[[AuditResults], LaneAudit] | None = None
    """Makes what the owner adds to an audit; without it nobody can say what its settling left."""


class VersionConflictError(DomainError):
    """Another worker settled this lane meanwhile: nothing was written; try again."""

    def __init__(self, lane: str) -> None:
        super().__init__("VERSION_CONFLICT", lane)


class LaneBusyError(Exception):
    """Another transaction has claimed the lane: nothing was read."""


class BadRecordError(ValueError):
    """A record that can never be settled; `reason` is its dead letter's, a word of a closed set."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class UnknownLaneError(BadRecordError):
    """A record whose key names no lane."""


class GoneError(BadRecordError):
    """A record of a user or a lane that a restore of the database has lost.

    They are not counted against the limits of dead letters, because the code is not at fault.
    """


class FutureVersionError(Exception):
    """A record of a schema version newer than this code: its lane waits for newer code."""


class OutageError(Exception):
    """A store is away, or a lock timed out: no record's fault, to be retried without counting."""


class BadDataError(ValueError):
    """A store refuses a value for good: the fault of its record."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that cannot be settled, as it was in Kafka.

    `group` rejected it, for `reason` (a word of a closed set); `error_class` and `message` are
    those of the error. `trace_id` is the id by which logs follow it.
    """

    topic: str
    partition: int
    offset: int
    raw_key: bytes | None
    payload: bytes
    log_time: datetime
    group: str
    reason: str
    error_class: str
    message: str
    attempts: int
    first_failed_at: datetime | None
    trace_id: str | None
    replays: int


@dataclass(frozen=True, slots=True)
class Parking:
    """Why a lane or a partition waits for an operator."""

    reason: str
    message: str


class InboxWriter(Protocol):
    """The store's side of ingest: progress, the fence between owners, and the inbox."""

    def progress_of(self, transaction: Transaction, topic: str) -> dict[int, tuple[int, str]]:
        """Return by partition the next offset to ingest and the id the topic had at first."""
        ...

    def begin_progress(
        self, transaction: Transaction, *, topic: str, partition: int, topic_id: str, offset: int
    ) -> None:
        """Create the progress of a partition at `offset`, unless there is one."""
        ...

    def move_progress(
        self,
        transaction: Transaction,
        *,
        topic: str,
        partition: int,
        expected: int,
        next_offset: int,
    ) -> bool:
        """Move progress from `expected`; return False when it was elsewhere."""
        ...

    def insert(self, transaction: Transaction, records: Sequence[InboxRecord]) -> None:
        """Insert records into the inbox."""
        ...


class Lanes(Protocol):
    """The store's side of settling: a lane's waiting records, and outgoing messages."""

    def claim(
        self, transaction: Transaction, *, topic: str, key: str, limit: int
    ) -> list[InboxRecord]:
        """Claim a lane until the transaction ends, and `read` it.

        Raise LaneBusyError when another transaction has claimed it. A claim spares the work of a
        second worker and promises nothing: the guards of the writes decide who settles a record.
        """
        ...

    def read(
        self, transaction: Transaction, *, topic: str, key: str, limit: int
    ) -> list[InboxRecord]:
        """Return the oldest records of a lane, in offset order; none of a parked lane."""
        ...

    def read_those(
        self, transaction: Transaction, *, topic: str, key: str, offsets: Sequence[int]
    ) -> list[InboxRecord]:
        """Return those of the named records that still wait, in offset order; none of a parked
        lane."""
        ...

    def settle(
        self,
        transaction: Transaction,
        records: Sequence[InboxRecord],
        messages: Sequence[OutboxMessage],
    ) -> None:
        """Remove exactly `records` of one lane, and hand messages to the relay.

        Raise VersionConflictError when one of the records is gone already. The last statement of a
        transaction that has locked the lane's state, so that the ids of messages rise per lane.
        """
        ...

    def count_failure(self, transaction: Transaction, records: Sequence[InboxRecord]) -> None:
        """Count one more failed settle of each record."""
        ...

    def park(self, transaction: Transaction, *, topic: str, key: str, parking: Parking) -> bool:
        """Park the lane until an operator unparks it; return False when it was parked before."""
        ...


class DeadLetters(Protocol):
    """The store's side of dead letters."""

    def count_recent(
        self,
        transaction: Transaction,
        *,
        topic: str,
        key: str | None,
        partition: int,
        within_s: float,
    ) -> tuple[int, int]:
        """Return how many dead letters the lane and the partition got within `within_s` seconds."""
        ...

    def add(self, transaction: Transaction, letters: Sequence[DeadLetter]) -> None:
        """Store dead letters and queue each for its topic; one that is stored already stays as it
        is."""
        ...

    def park_partition(
        self, transaction: Transaction, *, group: str, topic: str, partition: int, parking: Parking
    ) -> bool:
        """Park the partition until an operator unparks it; return False when it was parked
        before."""
        ...

    def parked_partitions(self, transaction: Transaction, *, group: str) -> set[tuple[str, int]]:
        """Return the parked (topic, partition)s of the group."""
        ...
