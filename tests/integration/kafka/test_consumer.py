"""The consumer as we make it."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from uuid import uuid4

from kafka import KafkaConsumer
from kafka.protocol.metadata import CoordinatorType

from app.protocol.topics import AUCTION_EVENT, CHAT_EVENT, CHAT_MESSAGE
from app.settings import read_settings
from lanes.kafka.consumer import make_consumer
from lanes.kafka.topics import create_topics
from stack.slowness import Deadline
from tests.dead_servers import closing_at_once

TOPICS = (AUCTION_EVENT, CHAT_EVENT, CHAT_MESSAGE)
JOIN_S_MAX = 30.0


@contextmanager
def subscribed() -> Iterator[KafkaConsumer]:
    """A consumer, the only one of its group, which has not joined yet."""
    settings = read_settings()
    create_topics(settings.kafka, TOPICS, wait_s=JOIN_S_MAX)
    consumer = make_consumer(settings.kafka, group=f"tests-{uuid4()}", name="tests")
    try:
        consumer.subscribe([topic.name for topic in TOPICS])
        yield consumer
    finally:
        consumer.close(autocommit=False)


def poll_until_assigned(consumer: KafkaConsumer, *, timeout_ms: int) -> None:
    deadline = Deadline(JOIN_S_MAX)
    while len(consumer.assignment()) < sum(topic.partitions for topic in TOPICS):
        consumer.poll(timeout_ms=timeout_ms)
        assert not deadline.passed(), consumer.assignment()


def test_a_consumer_that_never_blocks_joins_its_group() -> None:
    with subscribed() as consumer:
        poll_until_assigned(consumer, timeout_ms=1)


def test_a_broken_coordinator_is_left_for_another() -> None:
    with closing_at_once() as port, subscribed() as consumer:
        dead = SimpleNamespace(error_code=0, node_id=99, host="127.0.0.1", port=port)
        coordinator = consumer._coordinator
        coordinator.coordinator_id = consumer._cluster.add_coordinator(
            dead, CoordinatorType.GROUP, coordinator.group_id
        )
        poll_until_assigned(consumer, timeout_ms=100)
        assert coordinator.coordinator_id != "coordinator-99"
