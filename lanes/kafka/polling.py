"""A member of a consumer group: polling, assignment, paused partitions and commits.

It reacts to a rebalance between polls, never inside them, and stops when a topic has changed: the
client itself would go on, spinning, without an error.
"""

import time
from collections.abc import Collection, Mapping
from contextlib import suppress

from kafka import KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.errors import KafkaError

from lanes.bounds import REMEDY, Bounds
from lanes.errors import StoppedError
from lanes.kafka.assignment import Assignment
from lanes.kafka.consumer import make_consumer
from lanes.kafka.records import raw_record
from lanes.kafka.topic_settings import WrongTopicError
from lanes.kafka.topics import TopicWatch
from lanes.record import RawRecord
from lanes.settings import KafkaSettings
from lanes.topic import Topic

BROKER_WAIT_S = 30.0
TOPICS_CHECK_S = 2.0
CLOSE_MS = 2_000
COMMIT_S = 0.5  # after every batch, commits took a tenth of the bridge and of the broker

Polled = Mapping[TopicPartition, list[RawRecord]]


class Polling:
    """Connected from its creation until `close`. Raises StoppedError for a topic that has
    changed."""

    def __init__(
        self, kafka: KafkaSettings, *, group: str, topics: tuple[Topic, ...], name: str
    ) -> None:
        self._wait_ms = kafka.poll_wait_ms
        self._watch = TopicWatch(kafka, topics, wait_s=BROKER_WAIT_S)
        try:
            self.topic_ids = self._topic_ids()
            self._consumer: KafkaConsumer = make_consumer(kafka, group=group, name=name)
        except BaseException:
            self._watch.close()
            raise
        self._checked_at = self._committed_at = time.monotonic()
        self._handled: dict[TopicPartition, int] = {}  # and not committed yet
        self._assignment = Assignment()
        self._consumer.subscribe([topic.name for topic in topics], listener=self._assignment)

    def close(self) -> None:
        """Commit what was handled, as far as the group allows, and leave the group."""
        self._watch.close()
        if self._handled:
            with suppress(KafkaError):
                self._consumer.commit(_offsets(self._handled), timeout_ms=CLOSE_MS)
        self._consumer.close(autocommit=False, timeout_ms=CLOSE_MS)

    def poll(self) -> Polled:
        """Return the records of one poll by partition, in offset order."""
        self._check_topics()
        self._commit_in_time()
        polled = self._consumer.poll(timeout_ms=self._wait_ms)
        return {
            topic_partition: [raw_record(one) for one in batch]
            for topic_partition, batch in polled.items()
        }

    def changes(self) -> tuple[set[TopicPartition], set[TopicPartition]]:
        """Return the partitions assigned and revoked since the last call."""
        assigned, revoked = self._assignment.changes()
        for topic_partition in revoked:
            self._handled.pop(topic_partition, None)
        return assigned, revoked

    def bounds(self, topic_partitions: Collection[TopicPartition]) -> dict[TopicPartition, Bounds]:
        """Return the bounds of these partitions in Kafka."""
        first = self._consumer.beginning_offsets(list(topic_partitions))
        end = self._consumer.end_offsets(list(topic_partitions))
        return {
            topic_partition: Bounds(first[topic_partition], end[topic_partition])
            for topic_partition in topic_partitions
        }

    def seek(self, positions: Mapping[TopicPartition, int]) -> None:
        """Continue at these offsets, in those partitions that are still assigned."""
        for topic_partition in positions.keys() & self._consumer.assignment():
            self._consumer.seek(topic_partition, positions[topic_partition])

    def pause(self, to_pause: Collection[TopicPartition] | None) -> None:
        """Pause exactly these partitions (None: all) and resume all others."""
        assigned = self._consumer.assignment()
        to_pause = assigned if to_pause is None else assigned & set(to_pause)
        paused = self._consumer.paused()
        if to_pause - paused:
            self._consumer.pause(*(to_pause - paused))
        if paused - to_pause:
            self._consumer.resume(*(paused - to_pause))

    def commit(self, positions: Mapping[TopicPartition, int]) -> None:
        """Commit, within COMMIT_S, that everything before these offsets was handled."""
        self._handled.update(positions)

    def _commit_in_time(self) -> None:
        now = time.monotonic()
        if self._handled and now - self._committed_at >= COMMIT_S:
            self._committed_at = now
            self._consumer.commit_async(_offsets(self._handled))
            self._handled.clear()

    def _check_topics(self) -> None:
        now = time.monotonic()
        if now - self._checked_at < TOPICS_CHECK_S:
            return
        self._checked_at = now
        # While the broker is away this is unknown, and nothing is polled either.
        with suppress(KafkaError):
            self._topic_ids()

    def _topic_ids(self) -> dict[str, str]:
        try:
            return self._watch.check()
        except WrongTopicError as error:
            raise StoppedError(f"{error}. {REMEDY}") from error


def _offsets(positions: Mapping[TopicPartition, int]) -> dict[TopicPartition, OffsetAndMetadata]:
    return {
        topic_partition: OffsetAndMetadata(offset, "", -1)
        for topic_partition, offset in positions.items()
    }
