"""Creating topics, and telling whether one is still what it was."""

import time
from typing import Any

import structlog
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType, NewTopic
from kafka.errors import (
    KafkaError,
    NoError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
    for_code,
)

from app.protocol.topics import Topic

log = structlog.get_logger()

RECORD_BYTES_MAX = "max.message.bytes"
REQUEST_TIMEOUT_MS = 5_000  # the client's own 30 s would keep a pipeline from its other work


class WrongTopicError(RuntimeError):
    """A topic exists and is not what it must be."""


def create_topics(
    bootstrap_servers: str,
    topics: tuple[Topic, ...],
    *,
    replication: int,
    min_isr: int,
    wait_s: float,
) -> None:
    """Create those topics that are missing, waiting up to `wait_s` for the broker.

    Raises WrongTopicError when one has another number of partitions: keys would change lanes.
    """
    admin = _admin(bootstrap_servers, wait_s)
    try:
        existing = partitions_of(admin, topics)
        for topic in topics:
            _refuse_other_count(topic, existing.get(topic.name))
        missing = [topic for topic in topics if topic.name not in existing]
        _create(admin, missing, replication=replication, min_isr=min_isr)
        _widen(admin, [topic for topic in topics if topic.name in existing])
    finally:
        admin.close()


def partitions_of(admin: KafkaAdminClient, topics: tuple[Topic, ...]) -> dict[str, int]:
    """The partition count of each of `topics` that exists."""
    names = set(admin.list_topics()) & {topic.name for topic in topics}
    if not names:
        return {}
    described = admin.describe_topics(sorted(names))
    return {_name(entry): len(entry["partitions"]) for entry in described}


class TopicWatch:
    """Looks, over one connection, whether topics are still those they were at the first look."""

    def __init__(self, bootstrap_servers: str, topics: tuple[Topic, ...], *, wait_s: float) -> None:
        """Waits up to `wait_s` for the broker."""
        self._topics = {topic.name: topic for topic in topics}
        self._admin = _admin(bootstrap_servers, wait_s)
        self._ids: dict[str, str] = {}

    def close(self) -> None:
        """Let go of the connection."""
        self._admin.close()

    def look(self) -> dict[str, str]:
        """The id that the cluster gave to each topic: another one once it is made again.

        Raises WrongTopicError when one is gone, has another number of partitions than it must
        have, or another id than at the first look.
        """
        for entry in self._admin.describe_topics(sorted(self._topics)):
            self._look_at(self._topics[_name(entry)], entry)
        return dict(self._ids)

    def _look_at(self, topic: Topic, entry: dict[str, Any]) -> None:
        if entry["error_code"] == UnknownTopicOrPartitionError.errno:
            raise WrongTopicError(f"topic {topic.name} does not exist: `python -m bridge topics`")
        if entry["error_code"] != NoError.errno:
            raise for_code(entry["error_code"])(topic.name)
        _refuse_other_count(topic, len(entry["partitions"]))
        found = str(entry["topic_id"])
        if self._ids.setdefault(topic.name, found) != found:
            raise WrongTopicError(f"topic {topic.name} was deleted and made again (now {found})")


def _name(entry: dict[str, object]) -> str:
    return str(entry.get("name") or entry.get("topic"))


def _refuse_other_count(topic: Topic, partitions: int | None) -> None:
    if partitions not in (None, topic.partitions):
        raise WrongTopicError(
            f"topic {topic.name} has {partitions} partitions, not {topic.partitions}: the count "
            "is fixed for the life of a topic, because the records of a key would change lanes"
        )


def _create(
    admin: KafkaAdminClient, topics: list[Topic], *, replication: int, min_isr: int
) -> None:
    for topic in topics:
        settings = {
            "message.timestamp.type": "LogAppendTime",
            "unclean.leader.election.enable": "false",
            "min.insync.replicas": str(min_isr),
        }
        if topic.for_ever:
            settings |= {"retention.ms": "-1", "retention.bytes": "-1"}
        if topic.record_bytes_max is not None:
            settings |= {RECORD_BYTES_MAX: str(topic.record_bytes_max)}
        new = NewTopic(
            name=topic.name,
            num_partitions=topic.partitions,
            replication_factor=replication,
            topic_configs=settings,
        )
        try:
            admin.create_topics([new])
        except TopicAlreadyExistsError:
            continue
        log.info("topic_created", topic=topic.name, partitions=topic.partitions)


def _widen(admin: KafkaAdminClient, topics: list[Topic]) -> None:
    """Give topics made by older code the record size they must have by now."""
    resources = [
        ConfigResource(
            ConfigResourceType.TOPIC,
            topic.name,
            configs={RECORD_BYTES_MAX: str(topic.record_bytes_max)},
        )
        for topic in topics
        if topic.record_bytes_max is not None
    ]
    if resources:
        admin.alter_configs(resources)


def _admin(bootstrap_servers: str, wait_s: float) -> KafkaAdminClient:
    deadline = time.monotonic() + wait_s
    while True:
        try:
            return KafkaAdminClient(
                bootstrap_servers=bootstrap_servers, request_timeout_ms=REQUEST_TIMEOUT_MS
            )
        except KafkaError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
