"""The consumer as we make it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from types import SimpleNamespace
from uuid import uuid4

import msgspec
from kafka import KafkaConsumer, KafkaProducer
from kafka.protocol.metadata import CoordinatorType

from app.protocol.topics import AUCTION_EVENT, CHAT_EVENT, CHAT_MESSAGE
from app.settings import read_settings
from lanes.kafka.consumer import make_consumer
from lanes.kafka.security import client_arguments
from lanes.kafka.topics import create_topics
from lanes.topic import Topic
from stack.slowness import Deadline
from tests.dead_servers import closing_at_once
from tests.waiting import wait_until

TOPICS = (AUCTION_EVENT, CHAT_EVENT, CHAT_MESSAGE)
JOIN_S_MAX = 30.0
BROKER_WAIT_MS = 7_000  # longer than a poll of these tests, shorter than a request may take


@contextmanager
def subscribed(
    topics: tuple[Topic, ...] = TOPICS, *, poll_wait_ms: int = 500
) -> Iterator[KafkaConsumer]:
    """A consumer, the only one of its group, which has not joined yet."""
    kafka = msgspec.structs.replace(read_settings().kafka, poll_wait_ms=poll_wait_ms)
    create_topics(kafka, topics, wait_s=JOIN_S_MAX)
    consumer = make_consumer(kafka, group=f"tests-{uuid4()}", name="tests")
    try:
        consumer.subscribe([topic.name for topic in topics])
        yield consumer
    finally:
        consumer.close(autocommit=False)


def poll_until_assigned(
    consumer: KafkaConsumer, *, timeout_ms: int, topics: tuple[Topic, ...] = TOPICS
) -> None:
    deadline = Deadline(JOIN_S_MAX)
    while len(consumer.assignment()) < sum(topic.partitions for topic in topics):
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


def test_a_poll_does_not_wait_for_quiet_partitions_with_records_in_hand() -> None:
    """An answer comes after the poll has looked for one, and before it asks for more."""
    topic = Topic(f"consumer-{uuid4().hex[:12]}", 2)
    producer = KafkaProducer(**client_arguments(read_settings().kafka))

    def produce(value: bytes) -> None:
        producer.send(topic.name, value, partition=0).get(JOIN_S_MAX)

    def poll(timeout_ms: int) -> list[bytes]:
        polled = consumer.poll(timeout_ms=timeout_ms)
        return [record.value for batch in polled.values() for record in batch]

    with (
        closing(producer),
        subscribed((topic,), poll_wait_ms=BROKER_WAIT_MS) as consumer,
    ):
        poll_until_assigned(consumer, timeout_ms=100, topics=(topic,))
        produce(b"first")  # the answer to the first request names every partition, others do not
        wait_until(lambda: poll(100) == [b"first"], what="the first record")
        fetcher = consumer._fetcher
        wait_until(lambda: not poll(1) and fetcher.in_flight_fetches(), what="a request")
        ask = fetcher.send_fetches

        def answered_then_ask() -> None:
            fetcher.send_fetches = ask
            produce(b"second")
            wait_until(lambda: not fetcher.in_flight_fetches(), what="the answer")
            ask()

        fetcher.send_fetches = answered_then_ask
        assert poll(BROKER_WAIT_MS // 5) == [b"second"]
        assert not fetcher.in_flight_fetches(), "it asked the quiet partition, and waited for it"
