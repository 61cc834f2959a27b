"""Joins the log of a partition with what is stored for it, offset by offset, in one pass."""

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from lanes.audit.ports import LogEntry, LogRecord, StoredRow

T = TypeVar("T")


class _Peekable(Generic[T]):
    """A sorted stream with one item read ahead."""

    def __init__(self, items: Iterator[T], offset_of: Callable[[T], int]) -> None:
        self._items, self._offset_of = items, offset_of
        self._next = next(items, None)

    def until(self, offset: int | None) -> list[T]:
        """Return the remaining items before `offset`; all of them when it is None."""
        passed: list[T] = []
        while self._next is not None and (offset is None or self._offset_of(self._next) < offset):
            passed.append(self._next)
            self._next = next(self._items, None)
        return passed


class Stored:
    """What is stored for one partition: three streams in offset order."""

    def __init__(
        self,
        stored_rows: Iterator[StoredRow],
        *,
        waiting: Iterator[int],
        dead_letters: Iterator[int],
    ) -> None:
        self._stored_rows = _Peekable(stored_rows, lambda stored_row: stored_row.offset)
        self._waiting = _Peekable(waiting, lambda offset: offset)
        self._dead_letters = _Peekable(dead_letters, lambda offset: offset)

    def orphans(self, partition: tuple[str, int], before: int | None) -> list[LogEntry]:
        """Return the entries before `before` that were passed over: they have no record."""
        by_offset: dict[int, list[StoredRow]] = {}
        for stored_row in self._stored_rows.until(before):
            by_offset.setdefault(stored_row.offset, []).append(stored_row)
        waiting, dead_letters = (
            set(self._waiting.until(before)),
            set(self._dead_letters.until(before)),
        )
        return [
            LogEntry(
                *partition,
                offset,
                record=None,
                stored_rows=by_offset.get(offset, []),
                waits=offset in waiting,
                is_dead_letter=offset in dead_letters,
            )
            for offset in sorted(by_offset.keys() | waiting | dead_letters)
        ]

    def of(self, record: LogRecord) -> LogEntry:
        """Return the entry of the next record."""
        following = record.offset + 1
        return LogEntry(
            record.topic,
            record.partition,
            record.offset,
            record=record,
            stored_rows=self._stored_rows.until(following),
            waits=bool(self._waiting.until(following)),
            is_dead_letter=bool(self._dead_letters.until(following)),
        )


def entries(
    partition: tuple[str, int], records: Iterator[LogRecord], stored: Stored
) -> Iterator[LogEntry]:
    """Yield every record with what is stored for it, and everything stored that has no record."""
    for record in records:
        yield from stored.orphans(partition, record.offset)
        yield stored.of(record)
    yield from stored.orphans(partition, None)
