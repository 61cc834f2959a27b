"""Topics as we make them, and as older code has made them."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions, NewTopic

from app.adapters.kafka.topics import TopicWatch, WrongTopicError, create_topics
from app.protocol.topics import DEAD_LETTER_BYTES_MAX, Topic, dead_letter_topic
from app.settings import read_settings
from tests.waiting import wait_until

SERVERS = read_settings().kafka_bootstrap_servers


@pytest.fixture
def admin() -> Iterator[KafkaAdminClient]:
    admin = KafkaAdminClient(bootstrap_servers=SERVERS)
    yield admin
    admin.close()


@pytest.fixture
def topic(admin: KafkaAdminClient) -> Iterator[Topic]:
    topic = Topic(f"topics-{uuid4().hex[:12]}", 2)
    yield topic
    admin.delete_topics([topic.name, dead_letter_topic(topic).name], raise_errors=False)


def make(*topics: Topic) -> None:
    create_topics(SERVERS, topics, replication=1, min_isr=1, wait_s=30)


def record_bytes_max(admin: KafkaAdminClient, topic: Topic) -> int:
    asked = ConfigResource(ConfigResourceType.TOPIC, topic.name)
    found: dict[str, Any] = {}

    def is_there() -> bool:
        (values,) = admin.describe_configs([asked], config_filter="all")["topic"].values()
        found.update(values)
        return bool(found)

    wait_until(is_there, what="the broker knows a topic that was just made")
    return int(found["max.message.bytes"]["value"])


def test_a_dead_letter_topic_takes_more_than_its_topic_even_if_older_code_made_it(
    admin: KafkaAdminClient, topic: Topic
) -> None:
    letters = dead_letter_topic(topic)
    admin.create_topics([NewTopic(letters.name, letters.partitions, 1)])
    assert record_bytes_max(admin, letters) < DEAD_LETTER_BYTES_MAX
    make(topic, letters)
    wait_until(
        lambda: record_bytes_max(admin, letters) == DEAD_LETTER_BYTES_MAX, what="it takes more"
    )
    assert record_bytes_max(admin, topic) < DEAD_LETTER_BYTES_MAX


def test_a_watch_sees_that_a_topic_is_gone_is_another_or_has_grown(
    admin: KafkaAdminClient, topic: Topic
) -> None:
    make(topic)
    watch = TopicWatch(SERVERS, (topic,), wait_s=30)
    assert watch.look() == watch.look()
    admin.delete_topics([topic.name])
    with pytest.raises(WrongTopicError, match="does not exist"):
        _look_until_wrong(watch)
    make(topic)
    with pytest.raises(WrongTopicError, match="made again"):
        watch.look()
    watch.close()
    watch = TopicWatch(SERVERS, (topic,), wait_s=30)
    watch.look()
    admin.create_partitions({topic.name: NewPartitions(topic.partitions + 1)})
    with pytest.raises(WrongTopicError, match="3 partitions, not 2"):
        _look_until_wrong(watch)
    watch.close()


def _look_until_wrong(watch: TopicWatch) -> None:
    wait_until(lambda: watch.look() is None, what="it is wrong")
