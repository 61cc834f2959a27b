"""Reading topics as Kafka has them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from app.settings import Settings
from lanes.kafka.security import client_arguments

POLL_MS = 500


def ends(settings: Settings, topic: str) -> dict[int, int]:
    """By partition, the offset that its next record will get."""
    with _consumer(settings) as consumer:
        partitions = [TopicPartition(topic, n) for n in consumer.partitions_for_topic(topic)]
        return {part.partition: end for part, end in consumer.end_offsets(partitions).items()}


def records(settings: Settings, topic: str, since: Mapping[int, int]) -> list[Any]:
    """Every record that these partitions have now, from these offsets on; each in its order."""
    found: list[Any] = []
    with _consumer(settings) as consumer:
        starts = {TopicPartition(topic, n): offset for n, offset in since.items()}
        consumer.assign(list(starts))
        for part, offset in starts.items():
            consumer.seek(part, offset)
        last = consumer.end_offsets(list(starts))
        while any(consumer.position(part) < end for part, end in last.items()):
            for polled in consumer.poll(timeout_ms=POLL_MS).values():
                found += polled
    return found


@contextmanager
def _consumer(settings: Settings) -> Iterator[Any]:
    consumer = KafkaConsumer(**client_arguments(settings.kafka), enable_auto_commit=False)
    try:
        yield consumer
    finally:
        consumer.close()
