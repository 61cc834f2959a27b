"""Creating topics, and detecting that one has changed or was created again."""

import time
from contextlib import closing
from typing import Any

import structlog
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType, NewTopic
from kafka.errors import (
    InvalidReplicationFactorError,
    KafkaError,
    NoError,
    RetriableError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
    for_code,
)
from kafka.protocol.broker_version_data import infer_broker_version_from_api_versions

from lanes.errors import LanesError
from lanes.kafka.connect import make_admin
from lanes.kafka.topic_settings import (
    MIN_ISR,
    WrongTopicError,
    refuse_other_settings,
    required_settings,
    settings_of,
)
from lanes.settings import KafkaSettings
from lanes.topic import Topic

log = structlog.get_logger()

OLDEST = (4, 0)  # nothing older was ever run with this code
RECORD_BYTES_MAX = "max.message.bytes"
RETENTION = "retention.ms"
MS_PER_DAY = 24 * 3600 * 1000
REQUEST_TIMEOUT_MS = 5_000  # the client's own 30 s would keep a pipeline from its other work
RETRY_S = 0.5
# What is not so for ever; too few brokers for the copies may be too few yet.
PASSING = (RetriableError, InvalidReplicationFactorError)


class OlderKafkaError(LanesError):
    """The cluster is older than what this code was run with."""


def create_topics(kafka: KafkaSettings, topics: tuple[Topic, ...], *, wait_s: float) -> None:
    """Create the topics that are missing, waiting up to `wait_s` for the broker.

    Raise OlderKafkaError, and WrongTopicError, with a line for each topic that has another number
    of partitions or other settings than required: then none is created. Log a warning for each with
    fewer replicas than `kafka_replication` and `kafka_min_isr`.
    """
    ends_at = time.monotonic() + wait_s
    while True:
        try:
            with closing(_admin(kafka, ends_at - time.monotonic())) as admin:
                _create_topics(admin, kafka, topics, wait_s)
        except PASSING:  # a cluster that is starting answers some questions, and not yet others
            if time.monotonic() > ends_at:
                raise
            time.sleep(RETRY_S)
        else:
            return


def _create_topics(
    admin: KafkaAdminClient, kafka: KafkaSettings, topics: tuple[Topic, ...], wait_s: float
) -> None:
    copies = (kafka.replication, kafka.min_isr)
    _refuse_old(admin)
    described = _described(admin, topics)
    existing = [topic for topic in topics if topic.name in described]
    found = settings_of(admin, existing)
    _refuse_wrong(existing, described, found, servers=kafka.bootstrap_servers)
    for topic in existing:
        _warn_of_few_copies(topic, described[topic.name], found[topic.name], copies)
    missing = [topic for topic in topics if topic.name not in described]
    _create(admin, missing, copies=copies)
    _wait_known(admin, topics, wait_s)
    _widen(admin, existing)


def _refuse_old(admin: KafkaAdminClient) -> None:
    """A broker says no version; the client knows it by the requests that it takes."""
    version = infer_broker_version_from_api_versions(admin.api_versions())
    if tuple(version) < OLDEST:
        found, needed = (".".join(map(str, each)) for each in (version, OLDEST))
        raise OlderKafkaError(
            f"KAFKA_BOOTSTRAP_SERVERS: Kafka {found} is older than {needed}, which is needed at "
            "least"
        )


def _described(admin: KafkaAdminClient, topics: tuple[Topic, ...]) -> dict[str, dict[str, Any]]:
    """Return those of `topics` that exist, by name, as the broker describes them."""
    names = set(admin.list_topics()) & {topic.name for topic in topics}
    return {_name(entry): entry for entry in admin.describe_topics(sorted(names))} if names else {}


def _refuse_wrong(
    topics: list[Topic],
    described: dict[str, dict[str, Any]],
    settings: dict[str, dict[str, str]],
    *,
    servers: str,
) -> None:
    lines = []
    for topic in topics:
        try:
            _refuse_other_count(topic, len(described[topic.name]["partitions"]))
            refuse_other_settings(topic, settings[topic.name], servers=servers)
        except WrongTopicError as error:
            lines.append(str(error))
    if lines:
        raise WrongTopicError("\n".join(lines))


def _warn_of_few_copies(
    topic: Topic,
    described: dict[str, Any],
    settings: dict[str, str],
    wanted: tuple[int, int],
) -> None:
    copies = min(len(partition["replica_nodes"]) for partition in described["partitions"])
    found = (copies, int(settings[MIN_ISR]))
    if found[0] < wanted[0] or found[1] < wanted[1]:
        log.warning(
            "topic_in_few_copies",
            topic=topic.name,
            replication=found[0],
            min_isr=found[1],
            kafka_replication=wanted[0],
            kafka_min_isr=wanted[1],
            help="a broker that is lost may take acknowledged records with it: "
            "kafka-reassign-partitions.sh and kafka-configs.sh raise both",
        )


class TopicWatch:
    """Checks, over one connection, whether topics have changed since the first check.

    Of topics that are kept for ever it also checks the settings.
    """

    def __init__(self, kafka: KafkaSettings, topics: tuple[Topic, ...], *, wait_s: float) -> None:
        """Wait up to `wait_s` for the broker."""
        self._servers = kafka.bootstrap_servers
        self._topics = {topic.name: topic for topic in topics}
        self._for_ever = [topic for topic in topics if topic.for_ever]
        self._admin = _admin(kafka, wait_s)
        self._ids: dict[str, str] = {}

    def close(self) -> None:
        """Disconnect."""
        self._admin.close()

    def check(self) -> dict[str, str]:
        """Return the id of each topic, which changes when it is created again.

        Raise WrongTopicError when one is missing, has another number of partitions or other
        settings than required, or another id than at the first check.
        """
        for entry in self._admin.describe_topics(sorted(self._topics)):
            self._inspect(self._topics[_name(entry)], entry)
        found = settings_of(self._admin, self._for_ever)
        for topic in self._for_ever:
            refuse_other_settings(topic, found[topic.name], servers=self._servers)
        return dict(self._ids)

    def _inspect(self, topic: Topic, entry: dict[str, Any]) -> None:
        if entry["error_code"] == UnknownTopicOrPartitionError.errno:
            raise WrongTopicError(
                f"topic {topic.name} does not exist: the command `topics` makes it"
            )
        if entry["error_code"] != NoError.errno:
            raise for_code(entry["error_code"])(topic.name)
        _refuse_other_count(topic, len(entry["partitions"]))
        found = str(entry["topic_id"])
        if self._ids.setdefault(topic.name, found) != found:
            raise WrongTopicError(f"topic {topic.name} was deleted and made again (now {found})")


def _name(entry: dict[str, object]) -> str:
    return str(entry.get("name") or entry.get("topic"))


def _refuse_other_count(topic: Topic, partitions: int) -> None:
    if partitions != topic.partitions:
        raise WrongTopicError(
            f"topic {topic.name} has {partitions} partitions, not {topic.partitions}: it must be "
            "made anew (docs/ownership.md: partitions were added), because the count is fixed for "
            "the life of a topic: the records of a key would change lanes"
        )


def _create(admin: KafkaAdminClient, topics: list[Topic], *, copies: tuple[int, int]) -> None:
    replication, min_isr = copies
    for topic in topics:
        settings = {RETENTION: str(topic.kept_days * MS_PER_DAY), MIN_ISR: str(min_isr)}
        settings |= required_settings(topic)
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


def _wait_known(admin: KafkaAdminClient, topics: tuple[Topic, ...], wait_s: float) -> None:
    """Wait until the broker has the metadata of new topics: a consumer would otherwise get an
    error."""
    deadline = time.monotonic() + wait_s
    while len(_described(admin, topics)) < len(topics):
        if time.monotonic() > deadline:
            raise KafkaError("the broker does not know its new topics yet")
        time.sleep(0.1)


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


def _admin(kafka: KafkaSettings, wait_s: float) -> KafkaAdminClient:
    deadline = time.monotonic() + wait_s
    while True:
        try:
            return make_admin(kafka, timeout_ms=REQUEST_TIMEOUT_MS)
        except KafkaError:
            if time.monotonic() > deadline:
                raise
            time.sleep(RETRY_S)
