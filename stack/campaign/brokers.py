"""Kafka's brokers as the campaign sees them: who leads what, and who keeps up."""

from collections import Counter
from contextlib import closing
from typing import Any

from kafka.errors import KafkaError

from app.adapters.kafka.connect import make_admin
from app.protocol.topics import AUCTION_BID
from app.settings import read_settings
from stack.campaign.ground import Ground
from stack.faults import StackFault

TIMEOUT_MS = 10_000


def leaders(ground: Ground) -> Counter[int]:
    """By broker, how many partitions of `auction-bid` it leads. Raise KafkaError."""
    with _admin(ground) as admin:
        (topic,) = admin.describe_topics([AUCTION_BID.name])
    return Counter(int(partition["leader_id"]) for partition in topic["partitions"])


def leader(ground: Ground) -> int:
    """The broker that leads most of them."""
    ((number, led),) = leaders(ground).most_common(1)
    if number < 1 or not led:
        raise StackFault("no broker leads any partition")
    return number


def leads(ground: Ground, number: int) -> bool:
    """Whether this broker leads any partition of bids; False when none tells."""
    try:
        return leaders(ground)[number] > 0
    except (KafkaError, OSError):
        return False


def all_in_sync(ground: Ground) -> bool:
    """Whether every broker has all that was acknowledged, of every topic."""
    replication = ground.settings.brokers
    try:
        with _admin(ground) as admin:
            topics = admin.describe_topics()
    except (KafkaError, OSError):
        return False
    return all(
        len(partition["isr_nodes"]) == replication and partition["leader_id"] > 0
        for topic in topics
        for partition in topic["partitions"]
    )


def _admin(ground: Ground) -> closing[Any]:
    settings = read_settings(ground.stack.environment())
    return closing(make_admin(settings, timeout_ms=TIMEOUT_MS))
