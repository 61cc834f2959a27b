"""Access rights in Kafka: the one place, for any cluster.

Gateways append bids and messages, and replays for admins; committed offsets and the newest events
tell them whether the database was restored (app/services/epochs.py). The bridge reads everything,
and writes events and dead letters; to the topic of bids only its clock writes, for starts and
closes. Operators and the brokers themselves are super users of the cluster, and so in no list.
Workers never connect to Kafka.
"""

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from app.protocol.topics import (
    AUCTION_BID,
    AUCTION_EVENT,
    BROADCAST_GROUP,
    CHAT_MESSAGE,
    EVENT_GROUP,
    INGEST_GROUP,
    SAVE_GROUP,
)
from lanes import DEAD_LETTER_SUFFIX, Topic

GATEWAY, BRIDGE, CLOCK = "gateway", "bridge", "clock"
GROUPS = (INGEST_GROUP, BROADCAST_GROUP, SAVE_GROUP, EVENT_GROUP)
# The bridge writes none of these: their records come from users and the clock.
FROM_USERS = (AUCTION_BID.name, CHAT_MESSAGE.name)


class Right(NamedTuple):
    """`user` may do this with a topic or a group; who may read or write may describe it, too."""

    user: str
    operation: Literal["READ", "WRITE", "DESCRIBE", "DESCRIBE_CONFIGS"]
    kind: Literal["TOPIC", "GROUP"]
    name: str


def rights(topics: Sequence[Topic]) -> list[Right]:
    """Return the rights of all users to `topics`, and to the groups that read them."""
    names = [topic.name for topic in topics]
    clock = Right(CLOCK, "WRITE", "TOPIC", AUCTION_BID.name)
    return [*_of_gateways(names), *_of_the_bridge(names), clock]


def _of_gateways(names: Sequence[str]) -> Iterator[Right]:
    for name in names:
        if not name.endswith(DEAD_LETTER_SUFFIX):
            yield Right(GATEWAY, "WRITE", "TOPIC", name)
    if AUCTION_EVENT.name in names:
        yield Right(GATEWAY, "READ", "TOPIC", AUCTION_EVENT.name)
    yield Right(GATEWAY, "DESCRIBE", "GROUP", INGEST_GROUP)


def _of_the_bridge(names: Sequence[str]) -> Iterator[Right]:
    for name in names:
        if not name.endswith(DEAD_LETTER_SUFFIX):
            yield Right(BRIDGE, "READ", "TOPIC", name)
            yield Right(BRIDGE, "DESCRIBE_CONFIGS", "TOPIC", name)
        if name not in FROM_USERS:
            yield Right(BRIDGE, "WRITE", "TOPIC", name)
    for group in GROUPS:
        yield Right(BRIDGE, "READ", "GROUP", group)
