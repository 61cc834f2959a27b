"""Topics as we make them, and as older code has made them."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import msgspec
import pytest
import structlog
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions, NewTopic
from kafka.errors import KafkaTimeoutError

from app.settings import read_settings
from bridge.__main__ import make_topics
from lanes.kafka.security import client_arguments
from lanes.kafka.topic_settings import WrongTopicError, required_settings, settings_of
from lanes.kafka.topics import TopicWatch, create_topics
from lanes.topic import DEAD_LETTER_BYTES_MAX, Topic, dead_letter_topic
from tests.containers import build_container
from tests.waiting import wait_until

SETTINGS = read_settings()


@pytest.fixture
def admin() -> Iterator[KafkaAdminClient]:
    admin = KafkaAdminClient(**client_arguments(SETTINGS.kafka))
    yield admin
    admin.close()


@pytest.fixture
def topic(admin: KafkaAdminClient) -> Iterator[Topic]:
    topic = Topic(f"topics-{uuid4().hex[:12]}", 2)
    yield topic
    admin.delete_topics([topic.name, dead_letter_topic(topic).name], raise_errors=False)


def make(*wanted: Topic) -> None:
    create_topics(SETTINGS.kafka, wanted, wait_s=30)


def make_otherwise(admin: KafkaAdminClient, topic: Topic, **changes: str) -> None:
    """Make a topic as it must be, but for what `changes` set (dots as underlines)."""
    settings = required_settings(topic) | dotted(changes)
    admin.create_topics([NewTopic(topic.name, topic.partitions, 1, topic_configs=settings)])
    wait_until(lambda: topic.name in admin.list_topics(), what="the broker knows it")


def dotted(changes: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "."): value for name, value in changes.items()}


def follow_advice(admin: KafkaAdminClient, topic: Topic, refusal: str) -> None:
    """Follow the advice of the line."""
    (advised,) = re.findall(r"--add-config (\S+)", refusal)
    assert f"--bootstrap-server {SETTINGS.kafka_bootstrap_servers} " in refusal
    assert f"--entity-type topics --entity-name {topic.name} " in refusal
    changes = dict(setting.split("=") for setting in advised.split(","))
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic.name, configs=changes)])


def record_bytes_max(admin: KafkaAdminClient, topic: Topic) -> int:
    advised = ConfigResource(ConfigResourceType.TOPIC, topic.name)
    found: dict[str, Any] = {}

    def is_there() -> bool:
        (values,) = admin.describe_configs([advised], config_filter="all")["topic"].values()
        found.update(values)
        return bool(found)

    wait_until(is_there, what="the broker knows a topic that was just made")
    return int(found["max.message.bytes"]["value"])


def test_a_dead_letter_topic_allows_larger_records(admin: KafkaAdminClient, topic: Topic) -> None:
    letters = dead_letter_topic(topic)
    make_otherwise(admin, letters)
    assert record_bytes_max(admin, letters) < DEAD_LETTER_BYTES_MAX
    make(topic, letters)
    wait_until(
        lambda: record_bytes_max(admin, letters) == DEAD_LETTER_BYTES_MAX, what="it takes more"
    )
    assert record_bytes_max(admin, topic) < DEAD_LETTER_BYTES_MAX


WRONG = (
    {"message_timestamp_type": "CreateTime"},
    {"retention_ms": "3600000"},
    {"retention_bytes": "1073741824"},
    {"cleanup_policy": "compact"},
    {"cleanup_policy": "compact,delete"},
    {"unclean_leader_election_enable": "true"},
    {"message_timestamp_type": "CreateTime", "retention_ms": "604800000"},
)


@pytest.mark.parametrize("changes", WRONG, ids=lambda changes: ",".join(changes.values()))
def test_a_misconfigured_topic_is_refused_with_advice(
    admin: KafkaAdminClient, topic: Topic, changes: dict[str, str]
) -> None:
    topic = replace(topic, for_ever=True)
    make_otherwise(admin, topic, **changes)
    with pytest.raises(WrongTopicError) as refused:
        make(topic)
    (line,) = str(refused.value).splitlines()
    for name, value in dotted(changes).items():
        assert f"{name}={value}" in line
        assert f"{name}={required_settings(topic)[name]}" in line
    watch = TopicWatch(SETTINGS.kafka, (topic,), wait_s=30)
    with pytest.raises(WrongTopicError) as seen:
        watch.check()
    assert str(seen.value) == line
    follow_advice(admin, topic, line)
    wait_until(lambda: watch_accepts(watch), what="it is as it must be")
    watch.close()
    make(topic)


def watch_accepts(watch: TopicWatch) -> bool:
    try:
        return bool(watch.check())
    except WrongTopicError:
        return False


def test_a_topic_with_retention_still_needs_broker_timestamps(
    admin: KafkaAdminClient, topic: Topic
) -> None:
    make_otherwise(admin, topic, retention_ms="3600000")
    make(topic)
    other = replace(topic, name=dead_letter_topic(topic).name)
    make_otherwise(admin, other, message_timestamp_type="CreateTime")
    with pytest.raises(WrongTopicError, match=f"{re.escape(other.name)} has message.timestamp"):
        make(topic, other)


def test_all_wrong_topics_are_listed_and_none_is_created(
    admin: KafkaAdminClient, topic: Topic
) -> None:
    topic = replace(topic, for_ever=True)
    letters = dead_letter_topic(topic)
    missing = replace(topic, name=f"{topic.name}-missing")
    make_otherwise(admin, replace(topic, partitions=3))
    make_otherwise(admin, letters, retention_bytes="1000000")
    with pytest.raises(WrongTopicError) as refused:
        make(topic, letters, missing)
    first, second = str(refused.value).splitlines()
    assert first.startswith(f"topic {topic.name} has 3 partitions, not 2: it must be made anew")
    assert second.startswith(f"topic {letters.name} has retention.bytes=1000000, must have ")
    assert missing.name not in admin.list_topics()


def test_a_topic_with_too_few_replicas_is_a_warning(topic: Topic) -> None:
    make(topic)
    wanted = msgspec.structs.replace(SETTINGS.kafka, replication=3, min_isr=2)
    with structlog.testing.capture_logs() as logs:
        create_topics(wanted, (topic,), wait_s=30)
    (warning,) = logs
    assert warning["event"] == "topic_in_few_copies"
    assert (warning["topic"], warning["replication"], warning["min_isr"]) == (topic.name, 1, 1)
    assert (warning["kafka_replication"], warning["kafka_min_isr"]) == (3, 2)
    with structlog.testing.capture_logs() as logs:
        make(topic)
    assert logs == []


def test_a_watch_sees_deleted_recreated_and_grown_topics(
    admin: KafkaAdminClient, topic: Topic
) -> None:
    make(topic)
    watch = TopicWatch(SETTINGS.kafka, (topic,), wait_s=30)
    assert watch.check() == watch.check()
    admin.delete_topics([topic.name])
    with pytest.raises(WrongTopicError, match="does not exist"):
        _look_until_wrong(watch)
    make(topic)
    with pytest.raises(WrongTopicError, match="made again"):
        watch.check()
    watch.close()
    watch = TopicWatch(SETTINGS.kafka, (topic,), wait_s=30)
    watch.check()
    admin.create_partitions({topic.name: NewPartitions(topic.partitions + 1)})
    with pytest.raises(WrongTopicError, match="3 partitions, not 2"):
        _look_until_wrong(watch)
    watch.close()


def _look_until_wrong(watch: TopicWatch) -> None:
    wait_until(lambda: watch.check() is None, what="it is wrong")


def test_a_failing_kafka_request_is_retried(topic: Topic, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [KafkaTimeoutError("it has just started"), settings_of]

    def flaky(*arguments: Any) -> Any:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer(*arguments)

    monkeypatch.setattr("lanes.kafka.topics.settings_of", flaky)
    make(topic)
    assert answers == []


def test_a_kafka_that_does_not_answer_is_one_line_for_operators(
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = msgspec.structs.replace(SETTINGS, kafka_bootstrap_servers="127.0.0.1:1")
    assert make_topics(build_container(settings, application="tests"), wait_s=0) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("Kafka does not answer: ")
