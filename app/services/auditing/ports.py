"""What the audit is asked for, what it reads, and what the owner of a lane topic adds to it.

All rows are read in one snapshot of the database. Taking records in and settling them are one
transaction each, so a snapshot is consistent at any moment, also of a house under load.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from app.protocol.topics import Topic
from app.services.auditing.tallies import Tallies
from app.services.transactions import Transaction


@dataclass(frozen=True, slots=True)
class Scope:
    """What to audit: everything; or what happened since a moment, one lane, a few lanes.

    `sample` says that the house is under load: then what is on its way is no violation.
    """

    since: datetime | None = None
    lane: str | None = None
    sample: bool = False

    @property
    def all_since(self) -> datetime | None:
        """From when on records of whatever lane are meant, also of one that does not exist."""
        return self.since if self.lane is None and not self.sample else None


@dataclass(frozen=True, slots=True)
class Selection:
    """The lanes a scope means (None: all), and the moment before which the log has none of them.

    `note` says what was chosen, where the scope left a choice.
    """

    lanes: frozenset[str] | None = None
    begins_at: datetime | None = None
    note: str | None = None

    def __contains__(self, lane: str | None) -> bool:
        return self.lanes is None or lane in self.lanes


@dataclass(frozen=True, slots=True)
class LogRecord:
    """A record as Kafka has it; its log time is its producer's unless the broker stamped it."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes
    log_time: datetime
    is_stamped_by_broker: bool = True

    @property
    def lane(self) -> str | None:
        """The key as lanes are named; None when there is none or it is no text."""
        try:
            return None if self.key is None else self.key.decode()
        except UnicodeDecodeError:
            return None

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


@dataclass(frozen=True, slots=True)
class Trace:
    """What settling left of the record at `offset`: a row, and the table it is in.

    Every settled record leaves one `effect`. A `failure` goes with a dead letter; `more` are rows
    beside the effect.
    """

    offset: int
    kind: Literal["effect", "failure", "more"]
    table: str
    row: Any


@dataclass(frozen=True, slots=True)
class Place:
    """A place of the log and all that is stored of it; without a record, rows name an empty one."""

    topic: str
    partition: int
    offset: int
    record: LogRecord | None
    traces: Sequence[Trace]
    waits: bool
    is_dead: bool

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


class LogReader(Protocol):
    """Kafka, read without a group. Raises BusyError when it cannot be reached."""

    def bounds(self, topic: Topic) -> dict[int, tuple[int, int]]:
        """Per partition the first offset there is and the one its next record will get."""
        ...

    def offsets_at(self, topic: Topic, moment: datetime) -> dict[int, int]:
        """Per partition the offset of the first record appended at `moment` or later."""
        ...

    def committed(self, group: str, topic: Topic) -> dict[int, int]:
        """What the group has committed, by partition."""
        ...

    def partition_of(self, topic: Topic, lane: str) -> int:
        """The partition in which the records of this key are."""
        ...

    def read(self, topic: str, partition: int, *, first: int, until: int) -> Iterator[LogRecord]:
        """The records from `first` up to, not including, `until`."""
        ...


class LaneAudit(Protocol):
    """What the owner of a lane topic adds to its audit: what it stored, and what is right.

    One object serves one audit. The platform gives it the log partition by partition.
    """

    def select(self, transaction: Transaction, scope: Scope) -> Selection:
        """The lanes that the scope means."""
        ...

    def traces(
        self, transaction: Transaction, *, partition: int, first: int, selection: Selection
    ) -> Iterator[Trace]:
        """What settling left of the records from `first` on, in offset order, of these lanes."""
        ...

    def see(self, transaction: Transaction, places: Sequence[Place]) -> None:
        """Judge the next places of a partition, in offset order."""
        ...

    def end_partition(self, transaction: Transaction) -> None:
        """Judge what can only be judged when all of a partition was seen."""
        ...

    def end(self, transaction: Transaction, selection: Selection) -> None:
        """Judge what can only be judged at the end."""
        ...


@dataclass(frozen=True, slots=True)
class Examination:
    """One audit: its snapshot, its scope, the lanes selected per topic, what was found so far."""

    transaction: Transaction
    scope: Scope
    selections: Mapping[str, Selection]
    tallies: Tallies


class Audit(Protocol):
    """An audit of something else than the lanes."""

    def run(self, examination: Examination) -> None:
        """Judge it."""
        ...


class Scratch(Protocol):
    """Sorted storage for one audit, outside of memory; shelves of (major, minor, text)."""

    def put(self, shelf: str, items: Iterable[tuple[str | int, int, str]]) -> None:
        """Put items on a shelf."""
        ...

    def sorted(self, shelf: str) -> Iterator[tuple[Any, int, str]]:
        """All of a shelf by major, minor and the order in which they were put there."""
        ...

    def of(self, shelf: str, major: str | int) -> list[tuple[int, str]]:
        """(minor, text) of all items of this major, sorted."""
        ...
