"""The required settings of a topic, and the refusal of one with other settings.

Log time decides bids (I15) and the topic of bids is kept for ever, so a topic with its producers'
timestamps, or with a retention, must not be read, whoever created it.
"""

from collections.abc import Mapping, Sequence

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import KafkaError

from lanes.errors import LanesError
from lanes.topic import Topic

TIMESTAMP_TYPE = "message.timestamp.type"
MIN_ISR = "min.insync.replicas"
LOG_APPEND_TIME = 1  # of a record's two timestamp types, in Kafka's format; 0: its producer's


class WrongTopicError(LanesError):
    """A topic exists with wrong settings, partitions or id."""


def required_settings(topic: Topic) -> dict[str, str]:
    """The settings that `topic` is made with and must keep."""
    settings = {
        TIMESTAMP_TYPE: "LogAppendTime",
        "unclean.leader.election.enable": "false",
        "cleanup.policy": "delete",  # compaction would keep one record a key
    }
    if topic.for_ever:
        settings |= {"retention.ms": "-1", "retention.bytes": "-1"}
    return settings


def refuse_other_settings(topic: Topic, found: Mapping[str, str], *, servers: str) -> None:
    """Raise WrongTopicError, with what to do, unless `topic` is set as it must be."""
    required = required_settings(topic)
    wrong = [name for name in required if found[name] != required[name]]
    if not wrong:
        return
    must_be = {name: required[name] for name in wrong}
    advice = (
        f"kafka-configs.sh --bootstrap-server {servers} --alter --entity-type topics "
        f"--entity-name {topic.name} --add-config {_listed(must_be)}"
    )
    if TIMESTAMP_TYPE in must_be:
        advice += (
            " (records appended before it carry their producers' clocks: of a topic with lanes "
            "they become dead letters, which a replay appends again)"
        )
    raise WrongTopicError(
        f"topic {topic.name} has {_listed({name: found[name] for name in wrong})}, must have "
        f"{_listed(must_be)}; mend it by: {advice}"
    )


def settings_of(admin: KafkaAdminClient, topics: Sequence[Topic]) -> dict[str, dict[str, str]]:
    """Return by topic its settings, the broker's defaults included. Raise KafkaError when the
    broker does not return all that matter."""
    if not topics:
        return {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, topic.name) for topic in topics]
    described = admin.describe_configs(resources, config_filter="all")["topic"]
    found = {
        name: {key: str(entry["value"]) for key, entry in entries.items()}
        for name, entries in described.items()
    }
    for topic in topics:
        if not required_settings(topic).keys() | {MIN_ISR} <= found[topic.name].keys():
            raise KafkaError(f"the settings of topic {topic.name} cannot be read")
    return found


def _listed(settings: Mapping[str, str]) -> str:
    return ",".join(f"{name}={value}" for name, value in settings.items())
