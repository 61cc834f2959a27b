"""What the plain consumers share: poll, handle what came, and only then acknowledge it.

What was handled and not acknowledged is handled again, by this process or the next owner.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord

from app.adapters.kafka.consumer import make_consumer
from app.settings import Settings

Polled = Mapping[TopicPartition, Sequence[ConsumerRecord]]


class Consuming(ABC):
    """A pipeline that reads `topics` as a member of `group`."""

    name: str
    group: ClassVar[str]
    topics: ClassVar[Sequence[str]]

    def __init__(self, *, settings: Settings) -> None:
        self._settings = settings
        self._consumer: KafkaConsumer | None = None

    def open(self) -> None:
        """Join the group."""
        self._consumer = make_consumer(self._settings, group=self.group, name=self.name)
        self._consumer.subscribe(self.topics)

    def close(self) -> None:
        """Leave it."""
        if self._consumer is not None:
            self._consumer.close(autocommit=False, timeout_ms=2_000)
            self._consumer = None

    def step(self) -> None:
        """Handle and acknowledge what one poll gives."""
        if self._consumer is None:
            raise RuntimeError("not open")
        polled = self._consumer.poll(timeout_ms=self._settings.limits.poll_wait_ms)
        if polled:
            self.handle(polled)
            self._consumer.commit_async()

    @abstractmethod
    def handle(self, polled: Polled) -> None:
        """Have the effect of these records, each at least once, in the order of its partition."""
