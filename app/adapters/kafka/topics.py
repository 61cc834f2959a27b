"""Creating topics, and telling what a topic is now."""

import time

import structlog
from kafka import KafkaAdminClient
from kafka.admin import NewTopic
from kafka.errors import KafkaError, TopicAlreadyExistsError

from app.protocol.topics import Topic

log = structlog.get_logger()


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
        if missing:
            _create(admin, missing, replication=replication, min_isr=min_isr)
    finally:
        admin.close()


def partitions_of(admin: KafkaAdminClient, topics: tuple[Topic, ...]) -> dict[str, int]:
    """The partition count of each of `topics` that exists."""
    names = set(admin.list_topics()) & {topic.name for topic in topics}
    if not names:
        return {}
    described = admin.describe_topics(sorted(names))
    return {_name(entry): len(entry["partitions"]) for entry in described}


def topic_id(bootstrap_servers: str, topic: Topic, *, wait_s: float) -> str:
    """The id the cluster gave to this topic: another one after it was deleted and made again."""
    admin = _admin(bootstrap_servers, wait_s)
    try:
        (entry,) = admin.describe_topics([topic.name])
        _refuse_other_count(topic, len(entry["partitions"]))
        return str(entry["topic_id"])
    finally:
        admin.close()


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


def _admin(bootstrap_servers: str, wait_s: float) -> KafkaAdminClient:
    deadline = time.monotonic() + wait_s
    while True:
        try:
            return KafkaAdminClient(bootstrap_servers=bootstrap_servers)
        except KafkaError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
