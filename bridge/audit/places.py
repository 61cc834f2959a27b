"""The log of a partition joined with what is stored of it, place by place, in one pass."""

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from app.services.auditing.ports import LogRecord, Place, Trace

T = TypeVar("T")


class _Ahead(Generic[T]):
    """A sorted stream read up to one item ahead."""

    def __init__(self, items: Iterator[T], offset_of: Callable[[T], int]) -> None:
        self._items, self._offset_of = items, offset_of
        self._next = next(items, None)

    def until(self, offset: int | None) -> list[T]:
        """All items before `offset` that were not taken yet; of all, when it is None."""
        taken: list[T] = []
        while self._next is not None and (offset is None or self._offset_of(self._next) < offset):
            taken.append(self._next)
            self._next = next(self._items, None)
        return taken


class Stored:
    """What is stored of one partition: three streams in offset order."""

    def __init__(
        self, traces: Iterator[Trace], *, waiting: Iterator[int], dead: Iterator[int]
    ) -> None:
        self._traces = _Ahead(traces, lambda trace: trace.offset)
        self._waiting = _Ahead(waiting, lambda offset: offset)
        self._dead = _Ahead(dead, lambda offset: offset)

    def strays(self, partition: tuple[str, int], before: int | None) -> list[Place]:
        """What is stored of places before `before` that were passed: they have no record."""
        by_offset: dict[int, list[Trace]] = {}
        for trace in self._traces.until(before):
            by_offset.setdefault(trace.offset, []).append(trace)
        waiting, dead = set(self._waiting.until(before)), set(self._dead.until(before))
        return [
            Place(
                *partition,
                offset,
                record=None,
                traces=by_offset.get(offset, []),
                waits=offset in waiting,
                is_dead=offset in dead,
            )
            for offset in sorted(by_offset.keys() | waiting | dead)
        ]

    def of(self, record: LogRecord) -> Place:
        """What is stored of the next record."""
        following = record.offset + 1
        return Place(
            record.topic,
            record.partition,
            record.offset,
            record=record,
            traces=self._traces.until(following),
            waits=bool(self._waiting.until(following)),
            is_dead=bool(self._dead.until(following)),
        )


def places(
    partition: tuple[str, int], records: Iterator[LogRecord], stored: Stored
) -> Iterator[Place]:
    """Every record with what is stored of it, and every stored thing that has no record."""
    for record in records:
        yield from stored.strays(partition, record.offset)
        yield stored.of(record)
    yield from stored.strays(partition, None)
