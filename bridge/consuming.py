"""What the plain consumers share: poll, handle what came, and only then acknowledge it.

What was handled and not acknowledged is handled again, by this process or the next owner.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import ClassVar, Generic, TypeVar

from kafka import TopicPartition

from app.protocol.topics import Topic
from app.settings import Settings
from bridge.handling import Handling, HandlingPorts, Place
from bridge.polling import Polling
from bridge.records import RawRecord

CHECK_S = 1.0

R = TypeVar("R")


class Consuming(ABC, Generic[R]):
    """A pipeline that reads `topics` as a member of `group`."""

    name: str
    group: str
    topics: ClassVar[tuple[Topic, ...]]

    def __init__(self, ports: HandlingPorts, *, settings: Settings) -> None:
        self._ports, self._settings = ports, settings
        self._polling: Polling | None = None
        self._handling: Handling[R] | None = None
        self._checked_at = 0.0

    def open(self) -> None:
        """Join the group. Raises StoppedError when a topic is not as it must be."""
        self._handling = Handling(self, self._ports)
        self._polling = Polling(
            self._settings, group=self.group, topics=self.topics, name=self.name
        )

    def close(self) -> None:
        """Leave it."""
        if self._polling is not None:
            self._polling.close()
            self._polling = self._handling = None

    def step(self) -> None:
        """Handle and acknowledge what one poll gives."""
        if self._polling is None or self._handling is None:
            raise RuntimeError("not open")
        polled = self._polling.poll()
        self._follow(self._polling, self._handling)
        if polled:
            handled = self._handling.handle({_place(part): got for part, got in polled.items()})
            self._polling.commit(_by_part(handled))
        self._polling.rest(_parts(self._handling.parked))

    def _follow(self, polling: Polling, handling: Handling[R]) -> None:
        """Heed what the group has done, and, once a second, what a person has."""
        fresh, gone = polling.changes()
        handling.forget(_place(part) for part in gone)
        now = time.monotonic()
        if fresh or now - self._checked_at >= CHECK_S:
            self._checked_at = now
            # Chat goes on without PostgreSQL, once it is known what is parked of new partitions.
            freed = handling.look_at_parked(must_know=bool(fresh))
            polling.read_on_from(_by_part(freed))

    @abstractmethod
    def read(self, raw: RawRecord) -> R:
        """What the record says. Raises BadRecordError and FutureVersionError."""

    @abstractmethod
    def handle(self, items: Sequence[R]) -> None:
        """Have the effect of these, each at least once, in this order by partition.

        Raises BadDataError when the store refuses one of them for good.
        """


def _place(part: TopicPartition) -> Place:
    return part.topic, part.partition


def _parts(places: Collection[Place]) -> set[TopicPartition]:
    return {TopicPartition(*place) for place in places}


def _by_part(offsets: Mapping[Place, int]) -> dict[TopicPartition, int]:
    return {TopicPartition(*place): offset for place, offset in offsets.items()}
