"""Kafka's brokers as the campaign sees them: who leads what, and who keeps up."""

from collections import Counter
from contextlib import closing
from typing import Any

from kafka.errors import KafkaError

from app.protocol.topics import AUCTION_BID
from app.settings import read_settings
from lanes.kafka.connect import make_admin
from stack.campaign.environment import Environment
from stack.faults import StackFault

TIMEOUT_MS = 10_000


def leaders(environment: Environment) -> Counter[int]:
    """By broker, how many partitions of `auction-bid` it leads. Raise KafkaError."""
    with _admin(environment) as admin:
        (topic,) = admin.describe_topics([AUCTION_BID.name])
    return Counter(int(partition["leader_id"]) for partition in topic["partitions"])


def leader(environment: Environment) -> int:
    """The broker that leads most of them."""
    ((number, led),) = leaders(environment).most_common(1)
    if number < 1 or not led:
        raise StackFault("no broker leads any partition")
    return number


def leads(environment: Environment, number: int) -> bool:
    """Whether this broker leads any partition of bids; False when no broker answers."""
    try:
        return leaders(environment)[number] > 0
    except (KafkaError, OSError):
        return False


def all_in_sync(environment: Environment) -> bool:
    """Whether every broker has all that was acknowledged, of every topic."""
    replication = environment.settings.brokers
    try:
        with _admin(environment) as admin:
            topics = admin.describe_topics()
    except (KafkaError, OSError):
        return False
    return all(
        len(partition["isr_nodes"]) == replication and partition["leader_id"] > 0
        for topic in topics
        for partition in topic["partitions"]
    )


def _admin(environment: Environment) -> closing[Any]:
    settings = read_settings(environment.stack.environment())
    return closing(make_admin(settings.kafka, timeout_ms=TIMEOUT_MS))
