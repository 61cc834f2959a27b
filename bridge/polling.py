"""A member of a consumer group: what it polls, which partitions it has, which of them rest.

It reacts to the group between polls, never inside them, and stops when a topic is not any more
what it was: the client itself would go on, spinning, and say nothing.
"""

import time
from collections.abc import Collection, Mapping
from contextlib import suppress

from kafka import KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.errors import KafkaError

from app.adapters.kafka.consumer import make_consumer
from app.adapters.kafka.topic_settings import WrongTopicError
from app.adapters.kafka.topics import TopicWatch
from app.protocol.topics import Topic
from app.settings import Settings
from bridge.assignment import Assignment
from bridge.bounds import REMEDY, Bounds
from bridge.records import RawRecord, raw_record
from bridge.runner import StoppedError

BROKER_WAIT_S = 30.0
TOPICS_LOOK_S = 2.0
CLOSE_MS = 2_000
COMMIT_S = 0.5  # after every batch, commits took a tenth of the bridge and of the broker

Polled = Mapping[TopicPartition, list[RawRecord]]


class Polling:
    """Connected from its making until `close`. Raises StoppedError for a topic that is wrong."""

    def __init__(
        self, settings: Settings, *, group: str, topics: tuple[Topic, ...], name: str
    ) -> None:
        self._wait_ms = settings.limits.poll_wait_ms
        self._watch = TopicWatch(settings, topics, wait_s=BROKER_WAIT_S)
        try:
            self.topic_ids = self._look()
            self._consumer: KafkaConsumer = make_consumer(settings, group=group, name=name)
        except BaseException:
            self._watch.close()
            raise
        self._looked_at = self._committed_at = time.monotonic()
        self._handled: dict[TopicPartition, int] = {}  # and not committed yet
        self._assignment = Assignment()
        self._consumer.subscribe([topic.name for topic in topics], listener=self._assignment)

    def close(self) -> None:
        """Commit what was handled, as far as the group lets us, and leave it."""
        self._watch.close()
        if self._handled:
            with suppress(KafkaError):
                self._consumer.commit(_offsets(self._handled), timeout_ms=CLOSE_MS)
        self._consumer.close(autocommit=False, timeout_ms=CLOSE_MS)

    def poll(self) -> Polled:
        """What came within a moment, by partition, in offset order."""
        self._look_at_topics()
        self._commit_in_time()
        polled = self._consumer.poll(timeout_ms=self._wait_ms)
        return {part: [raw_record(one) for one in batch] for part, batch in polled.items()}

    def changes(self) -> tuple[set[TopicPartition], set[TopicPartition]]:
        """The partitions that came and those that went since the last call."""
        fresh, gone = self._assignment.changes()
        for part in gone:
            self._handled.pop(part, None)
        return fresh, gone

    def bounds(self, parts: Collection[TopicPartition]) -> dict[TopicPartition, Bounds]:
        """What the logs of these partitions hold now."""
        first = self._consumer.beginning_offsets(list(parts))
        end = self._consumer.end_offsets(list(parts))
        return {part: Bounds(first[part], end[part]) for part in parts}

    def read_on_from(self, positions: Mapping[TopicPartition, int]) -> None:
        """Go to these offsets, of those partitions that are still ours."""
        for part in positions.keys() & self._consumer.assignment():
            self._consumer.seek(part, positions[part])

    def rest(self, wanted: Collection[TopicPartition] | None) -> None:
        """Poll nothing of these partitions (None: of any), and everything of all others."""
        assigned = self._consumer.assignment()
        wanted = assigned if wanted is None else assigned & set(wanted)
        resting = self._consumer.paused()
        if wanted - resting:
            self._consumer.pause(*(wanted - resting))
        if resting - wanted:
            self._consumer.resume(*(resting - wanted))

    def commit(self, positions: Mapping[TopicPartition, int]) -> None:
        """Tell Kafka, at the latest in a moment, that everything before these was handled."""
        self._handled.update(positions)

    def _commit_in_time(self) -> None:
        now = time.monotonic()
        if self._handled and now - self._committed_at >= COMMIT_S:
            self._committed_at = now
            self._consumer.commit_async(_offsets(self._handled))
            self._handled.clear()

    def _look_at_topics(self) -> None:
        now = time.monotonic()
        if now - self._looked_at < TOPICS_LOOK_S:
            return
        self._looked_at = now
        # While the broker is away nobody can tell, and nothing is polled either.
        with suppress(KafkaError):
            self._look()

    def _look(self) -> dict[str, str]:
        try:
            return self._watch.look()
        except WrongTopicError as error:
            raise StoppedError(f"{error}. {REMEDY}") from error


def _offsets(positions: Mapping[TopicPartition, int]) -> dict[TopicPartition, OffsetAndMetadata]:
    return {part: OffsetAndMetadata(offset, "", -1) for part, offset in positions.items()}
