"""What the task platform asks of those who use it: a topic, a codec, a handler of its lanes.

The platform (bridge and workers) keeps the records of one key in order and settles each once. It
knows no auction; `LaneTopic` is all it is told. What it needs of a store are the ports at the end.
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
    """A record taken from Kafka and not yet settled; `log_time` is the broker's append time.

    `attempts` counts the settles that failed by its fault or a neighbour's; `replays` how often it
    was put into the log again after it had become a dead letter. `traceparent` holds the contexts
    of the sampled traces it belongs to (app/observability/tracing.py).
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
    taken_at_s: float | None = field(default=None, compare=False)  # since 1970; set once it is in
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
    """What settling a batch gave: messages to send, and what to do after the commit.

    `after_commit` may be lost with the process: it must only log, or hasten what a sweep does too.
    """

    messages: Sequence[OutboxMessage]
    after_commit: Callable[[], None] | None = None


class LaneHandler(Protocol[T_contra, S]):
    """Decides the records of one lane inside a transaction of the platform's.

    Whatever else than the errors named here comes out of `settle` is the fault of a record.
    """

    def load(self, transaction: T_contra, key: str, records: Sequence[InboxRecord]) -> S:
        """Return the state of the lane, with its version, and what else settling `records` needs.

        Raise UnknownLaneError when the key names nothing there is. Whatever else it raises is the
        fault of no record: of one that nobody can decode `settle` says so.
        """

    def settle(self, transaction: T_contra, state: S, records: Sequence[InboxRecord]) -> Settlement:
        """Decide `records`, those that were given to `load`, in log order, and store the result.

        Raises VersionConflictError when the state has changed since `load`, and
        FutureVersionError when a record is of a schema version that this code does not know.
        """

    def fail(self, transaction: T_contra, key: str, records: Sequence[InboxRecord]) -> Settlement:
        """Remember that `records` became dead letters; the messages tell who waits for them.

        Locks the state and raises its version first, so that nobody settles them meanwhile. Of a
        lane that does not exist, or of a record nobody can read, nobody is told.
        """

    def settled(self, transaction: T_contra, payloads: Sequence[bytes]) -> list[bool]:
        """Whether each of these records has had its effect, at whatever place in the log."""


@dataclass(frozen=True, slots=True)
class LaneTopic:
    """A topic whose records the platform settles per key, and who decides them."""

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
    """Another worker settled this lane in between: nothing was written; try again."""

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
    """A record whose key names nothing there is."""


class GoneError(BadRecordError):
    """A record of a user or a lane that a restore of the database has lost.

    However many there are of them, no code is at fault: they are not counted against the limits of
    dead letters.
    """


class FutureVersionError(Exception):
    """A record of a schema version newer than this code: its lane waits for newer code."""


class OutageError(Exception):
    """A store is away, or a lock was not to be had: nobody's fault, try again without counting."""


class BadDataError(ValueError):
    """A store refuses a value for good: the fault of the record that brought it."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record taken out of its lane because it cannot be settled, as it was in the log.

    `group` gave it up, for `reason` (a word of a closed set); `error_class` and `message` are those
    of the error. `trace_id` is the id by which logs follow it.
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
    """Why a lane or a partition waits for a person."""

    reason: str
    message: str


class Intake(Protocol):
    """The store's side of taking records in: progress, the fence between owners, and the inbox."""

    def progress_of(self, transaction: Transaction, topic: str) -> dict[int, tuple[int, str]]:
        """Per partition the next offset to take and the id the topic had when first taken from."""
        ...

    def begin_progress(
        self, transaction: Transaction, *, topic: str, partition: int, topic_id: str, offset: int
    ) -> None:
        """Start taking a partition at `offset`, unless that was done before."""
        ...

    def move_progress(
        self, transaction: Transaction, *, topic: str, partition: int, expected: int, following: int
    ) -> bool:
        """Whether progress stood at `expected` and was moved."""
        ...

    def take(self, transaction: Transaction, records: Sequence[InboxRecord]) -> None:
        """Put records into the inbox."""
        ...


class Lanes(Protocol):
    """The store's side of settling: a lane's waiting records, and messages that leave."""

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
        """The oldest records of a lane, in offset order; none of one that is parked."""
        ...

    def read_those(
        self, transaction: Transaction, *, topic: str, key: str, offsets: Sequence[int]
    ) -> list[InboxRecord]:
        """Those of the named records that wait still, in offset order; none of a parked lane."""
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
        """Count one more failed settle of each."""
        ...

    def park(self, transaction: Transaction, *, topic: str, key: str, parking: Parking) -> bool:
        """Settle nothing of this lane until a person frees it; False when it was parked before."""
        ...


class DeadLetters(Protocol):
    """The store's side of giving records up."""

    def count_recent(
        self,
        transaction: Transaction,
        *,
        topic: str,
        key: str | None,
        partition: int,
        within_s: float,
    ) -> tuple[int, int]:
        """How many records of the lane, and of the partition, were given up lately."""
        ...

    def add(self, transaction: Transaction, letters: Sequence[DeadLetter]) -> None:
        """Keep them, and send each to its dead-letter topic; one that was given up before is kept
        as it is."""
        ...

    def park_partition(
        self, transaction: Transaction, *, group: str, topic: str, partition: int, parking: Parking
    ) -> bool:
        """Take nothing of it until a person frees it; False when it was parked before."""
        ...

    def parked_partitions(self, transaction: Transaction, *, group: str) -> set[tuple[str, int]]:
        """The (topic, partition)s from which the group takes nothing."""
        ...
