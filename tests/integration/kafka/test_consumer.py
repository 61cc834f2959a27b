"""The consumer as we make it."""

from uuid import uuid4

from app.adapters.kafka.consumer import make_consumer
from app.adapters.kafka.topics import create_topics
from app.protocol.topics import AUCTION_EVENT, CHAT_EVENT, CHAT_MESSAGE
from app.settings import read_settings
from stack.slowness import Deadline

TOPICS = (AUCTION_EVENT, CHAT_EVENT, CHAT_MESSAGE)
JOIN_S_MAX = 30.0


def test_one_that_never_waits_for_the_group_gets_all_its_partitions_and_keeps_its_place() -> None:
    settings = read_settings()
    create_topics(settings, TOPICS, wait_s=JOIN_S_MAX)
    consumer = make_consumer(settings, group=f"impatient-{uuid4()}", name="tests")
    consumer.subscribe([topic.name for topic in TOPICS])
    deadline = Deadline(JOIN_S_MAX)
    while len(consumer.assignment()) < sum(topic.partitions for topic in TOPICS):
        consumer.poll(timeout_ms=1)
        assert not deadline.passed(), consumer.assignment()
    consumer.close(autocommit=False)
