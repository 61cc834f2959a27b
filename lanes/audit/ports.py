"""The ports of the audit: its scope, its sources, and the checks that the owner of a lane topic
adds.

All rows are read in one snapshot of the database. Ingest and settling are one transaction each, so
a snapshot is consistent at any moment, also under load.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Literal, Protocol, TypeVar

from lanes.audit.results import AuditResults
from lanes.ports import T_contra
from lanes.text import as_text
from lanes.topic import Topic

T_co = TypeVar("T_co", covariant=True)
"""The transaction that is the snapshot of an audit."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What to audit: everything, what happened since a moment, one lane, or a sample of lanes.

    `sample` means that the system is under load: records in flight are then no violation.
    """

    since: datetime | None = None
    lane: str | None = None
    sample: bool = False

    @property
    def all_since(self) -> datetime | None:
        """The time from which records of every lane are audited, also of lanes that do not exist;
        None when the scope selects lanes."""
        return self.since if self.lane is None and not self.sample else None


@dataclass(frozen=True, slots=True)
class Selection:
    """The lanes selected by a scope (None: all), and the time before which Kafka has no record of
    them.

    `note` describes the selection where the scope left a choice.
    """

    lanes: frozenset[str] | None = None
    begins_at: datetime | None = None
    note: str | None = None

    def __contains__(self, lane: str | None) -> bool:
        return self.lanes is None or lane in self.lanes


@dataclass(frozen=True, slots=True)
class LogRecord:
    """A Kafka record. Its log time is the producer's timestamp when `is_stamped_by_broker` is
    false."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes
    log_time: datetime
    is_stamped_by_broker: bool = True

    @property
    def lane(self) -> str | None:
        """The key as the inbox has it; None when there is no key."""
        return None if self.key is None else as_text(self.key)

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


@dataclass(frozen=True, slots=True)
class StoredRow:
    """A row that settling stored for the record at `offset`, and the table it is in.

    Every settled record has one `effect`. A `failure` goes with a dead letter; `more` are rows
    beside the effect.
    """

    offset: int
    kind: Literal["effect", "failure", "more"]
    table: str
    row: Any


@dataclass(frozen=True, slots=True)
class LogEntry:
    """An offset of a partition and everything stored for it; `record` is None when rows name an
    offset that Kafka does not have."""

    topic: str
    partition: int
    offset: int
    record: LogRecord | None
    stored_rows: Sequence[StoredRow]
    waits: bool
    is_dead_letter: bool

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


class LogReader(Protocol):
    """Kafka, read without a consumer group. Methods raise BusyError when it cannot be reached."""

    def bounds(self, topic: Topic) -> dict[int, tuple[int, int]]:
        """Return by partition the first offset and the end offset."""
        ...

    def offsets_at(self, topic: Topic, moment: datetime) -> dict[int, int]:
        """Return by partition the offset of the first record appended at `moment` or later."""
        ...

    def committed(self, group: str, topic: Topic) -> dict[int, int]:
        """Return by partition the offset the group has committed."""
        ...

    def partition_of(self, topic: Topic, lane: str) -> int:
        """Return the partition of the records with this key."""
        ...

    def read(self, topic: str, partition: int, *, first: int, until: int) -> Iterator[LogRecord]:
        """Yield the records from offset `first` to `until`, exclusive."""
        ...


@dataclass(frozen=True, slots=True)
class Waiting:
    """A record in the inbox and how long it has waited, in seconds."""

    topic: str
    partition: int
    offset: int
    lane: str
    waits_s: float


@dataclass(frozen=True, slots=True)
class ParkedLane:
    """A lane that waits for an operator."""

    topic: str
    lane: str
    reason: str
    message: str
    waiting: int


@dataclass(frozen=True, slots=True)
class Unpublished:
    """A message still in the outbox, and how long it has waited, in seconds."""

    row_id: int
    topic: str
    lane: str
    waits_s: float


class LaneRows(Protocol[T_contra]):
    """The platform's rows about lanes, read in the audit's snapshot."""

    def progress(self, transaction: T_contra, topic: str) -> dict[int, int]:
        """Return by partition the next offset to ingest."""
        ...

    def waiting(
        self, transaction: T_contra, topic: str, *, partition: int, first: int, lanes: Selection
    ) -> Iterator[int]:
        """Yield the offsets of records that are not settled, ascending."""
        ...

    def dead_letters(
        self, transaction: T_contra, topic: str, *, partition: int, first: int, lanes: Selection
    ) -> Iterator[int]:
        """Yield the offsets of dead letters, ascending."""
        ...

    def overdue(
        self, transaction: T_contra, topic: str, *, older_than_s: float, lanes: Selection
    ) -> Iterator[Waiting]:
        """Yield records that have waited for longer than that in lanes that are not parked, oldest
        first."""
        ...

    def parked(self, transaction: T_contra, topic: str, lanes: Selection) -> list[ParkedLane]:
        """Return the parked lanes."""
        ...

    def unpublished(
        self, transaction: T_contra, *, older_than_s: float, lanes: Selection
    ) -> Iterator[Unpublished]:
        """Yield messages of these keys, to any topic, that have been in the outbox for longer than
        that."""
        ...

    def outbox(self, transaction: T_contra, topic: str) -> Iterator[tuple[str, str]]:
        """Yield (key, payload) of every message waiting for this topic."""
        ...


class LaneAudit(Protocol[T_contra]):
    """The checks that the owner of a lane topic adds to the audit.

    One object serves one audit. The platform passes the entries of the log, partition by partition.
    """

    def select(self, transaction: T_contra, scope: Scope) -> Selection:
        """Return the lanes selected by the scope."""
        ...

    def stored_rows(
        self, transaction: T_contra, *, partition: int, first: int, selection: Selection
    ) -> Iterator[StoredRow]:
        """Yield in offset order the rows stored for records of these lanes from offset `first`
        on."""
        ...

    def is_settled(self, entry: LogEntry) -> bool:
        """Return whether a record has had its effect, though no stored row says so."""
        ...

    def check_batch(self, transaction: T_contra, entries: Sequence[LogEntry]) -> None:
        """Check the next entries of a partition, in offset order."""
        ...

    def end_partition(self, transaction: T_contra) -> None:
        """Check what can only be checked after all entries of a partition."""
        ...

    def end(self, transaction: T_contra, selection: Selection) -> None:
        """Check what can only be checked after all partitions."""
        ...


@dataclass(frozen=True, slots=True)
class AuditContext(Generic[T_co]):
    """One audit: its snapshot, its scope, the lanes selected per topic, and the results so far."""

    transaction: T_co
    scope: Scope
    selections: Mapping[str, Selection]
    results: AuditResults


class Audit(Protocol[T_contra]):
    """A check of something other than lanes."""

    def run(self, context: AuditContext[T_contra]) -> None:
        """Run the check and record its results in `context`."""
        ...


class Scratch(Protocol):
    """Sorted storage on disk for one audit: tables of (major, minor, text)."""

    def put(self, table: str, items: Iterable[tuple[str | int, int, str]]) -> None:
        """Add items to a table."""
        ...

    def sorted(self, table: str) -> Iterator[tuple[Any, int, str]]:
        """Yield all items of a table by major, minor and order of insertion."""
        ...

    def of(self, table: str, major: str | int) -> list[tuple[int, str]]:
        """Return (minor, text) of all items with this major, sorted."""
        ...
