"""The loop of plain consumers: poll, process, and only then commit.

Records processed but not committed are processed again, by this process or the next owner.
"""

import time
from collections.abc import Collection, Mapping
from typing import Generic, TypeVar

from kafka import TopicPartition

from lanes.kafka.polling import Polling
from lanes.ports import T
from lanes.record_processor import ProcessorPorts, RecordHandler, RecordProcessor
from lanes.settings import KafkaSettings
from lanes.topic import PartitionId

CHECK_S = 1.0

R = TypeVar("R")


class ConsumerLoop(Generic[R, T]):
    """The pipeline of a member of a consumer group, by whose name it goes."""

    def __init__(
        self, handler: RecordHandler[R], ports: ProcessorPorts[T], *, kafka: KafkaSettings
    ) -> None:
        self.name = handler.group
        self._handler, self._ports, self._kafka = handler, ports, kafka
        self._polling: Polling | None = None
        self._processor: RecordProcessor[R, T] | None = None
        self._checked_at = 0.0

    def open(self) -> None:
        """Join the group. Raise StoppedError when a topic has changed."""
        self._handler.open()
        self._processor = RecordProcessor(self._handler, self._ports)
        self._polling = Polling(
            self._kafka, group=self._handler.group, topics=self._handler.topics, name=self.name
        )

    def close(self) -> None:
        """Leave the group."""
        if self._polling is not None:
            self._polling.close()
            self._polling = self._processor = None

    def step(self) -> None:
        """Process and commit the records of one poll."""
        if self._polling is None or self._processor is None:
            raise RuntimeError("not open")
        polled = self._polling.poll()
        self._apply_changes(self._polling, self._processor)
        if polled:
            handled = self._processor.handle(
                {_partition_id(topic_partition): batch for topic_partition, batch in polled.items()}
            )
            self._polling.commit(_by_topic_partition(handled))
        self._polling.pause(_topic_partitions(self._processor.parked))

    def _apply_changes(self, polling: Polling, processor: RecordProcessor[R, T]) -> None:
        """React to a rebalance, and, once a second, to partitions parked or unparked by
        operators."""
        assigned, revoked = polling.changes()
        processor.revoke(_partition_id(topic_partition) for topic_partition in revoked)
        now = time.monotonic()
        if assigned or now - self._checked_at >= CHECK_S:
            self._checked_at = now
            # Chat goes on without PostgreSQL, once it is known what is parked of new partitions.
            unparked = processor.refresh_parked(is_required=bool(assigned))
            polling.seek(_by_topic_partition(unparked))


def _partition_id(topic_partition: TopicPartition) -> PartitionId:
    return topic_partition.topic, topic_partition.partition


def _topic_partitions(partition_ids: Collection[PartitionId]) -> set[TopicPartition]:
    return {TopicPartition(*partition_id) for partition_id in partition_ids}


def _by_topic_partition(offsets: Mapping[PartitionId, int]) -> dict[TopicPartition, int]:
    return {TopicPartition(*partition_id): offset for partition_id, offset in offsets.items()}
