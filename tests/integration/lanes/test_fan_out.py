"""Fan-out: outcomes over Redis, chat into MongoDB, each once."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import msgspec
from redis.client import PubSub

from app.domain.ids import message_id
from app.protocol.channels import AUCTIONS, auction_channel, room_channel, user_channel
from app.protocol.records import ChatMessageValue
from app.protocol.topics import CHAT_MESSAGE
from tests.integration.lanes.cluster import LaneCluster
from tests.waiting import CALL_S, wait_until

ROOM_IDS_FROM = 10**9  # rooms without a row: save and broadcast read none


@contextmanager
def listening(cluster: LaneCluster, *channels: str) -> Iterator[PubSub]:
    """A confirmed subscription."""
    pubsub = cluster.container.fanout.pubsub()  # type: ignore[no-untyped-call]
    pubsub.subscribe(*channels)
    for _ in channels:
        assert pubsub.get_message(timeout=5) is not None
    yield pubsub
    pubsub.close()


def collect(pubsub: PubSub, wanted: Any, *, until: int) -> list[dict[str, Any]]:
    """Messages that `wanted` accepts, until there are so many."""
    found: list[dict[str, Any]] = []

    def enough() -> bool:
        message = pubsub.get_message(ignore_subscribe_messages=True, timeout=0.2)
        if message is not None:
            value = json.loads(message["data"])
            if wanted(value):
                found.append(value)
        return len(found) >= until

    wait_until(enough, what=f"{until} messages")
    return found


def test_states_rise_in_redis_and_outcomes_reach_their_bidder(
    cluster: LaneCluster,
) -> None:
    lot = cluster.auction(lasts_s=3_600)
    users = [user_channel(bidder) for bidder in lot.bidders[:3]]
    states, outcomes = [], []
    with (
        listening(cluster, auction_channel(lot.auction_id)) as watched,
        listening(cluster, users[0]) as first,
        listening(cluster, *users[1:]) as others,
    ):
        for number, mine in enumerate((first, others, others)):
            bidder, amount = lot.bidders[number], 2_000 * (number + 1)
            cluster.bid(lot, bidder=bidder, amount=amount, key="k").get(timeout=CALL_S)
            states += collect(watched, lambda _: True, until=1)
            (decided,) = collect(mine, lambda _: True, until=1)
            assert (decided["auction_id"], decided["refused"]) == (lot.auction_id, [])
            outcomes += [(o["bidder_id"], o["status"], o["price"]) for o in decided["outcomes"]]
        assert first.get_message(timeout=0.2) is None
    versions = [state["version"] for state in states]
    assert versions == sorted(set(versions))
    assert outcomes == [(lot.bidders[n], "accepted", 2_000 * (n + 1)) for n in range(3)]
    assert states[-1]["leader"] == {"alias": 3}
    assert [bid["seq"] for bid in states[-1]["bids"]] == [3]


def test_list_entries_reach_redis(cluster: LaneCluster) -> None:
    lot = cluster.auction(lasts_s=3_600)
    with listening(cluster, AUCTIONS) as listed:
        cluster.bid(lot, bidder=lot.bidders[0], amount=2_000, key="k").get(timeout=CALL_S)
        published = collect_items(listed, lot.auction_id)
    assert (published["bid_count"], published["status"]) == (1, "open")


def collect_items(pubsub: PubSub, auction_id: int) -> dict[str, Any]:
    """The next line of this auction."""
    items: Any
    (items,) = collect(pubsub, lambda lines: auction_id in {line["id"] for line in lines}, until=1)
    found: dict[str, Any] = next(line for line in items if line["id"] == auction_id)
    return found


def test_a_repeated_message_is_neither_stored_nor_pushed_again(cluster: LaneCluster) -> None:
    room_id = ROOM_IDS_FROM + uuid4().int % 10**9

    def send_chat(key: str) -> int:
        value = ChatMessageValue(
            v=1,
            message_id=message_id(1, room_id, key),
            room_id=room_id,
            sender_id=1,
            text="안녕하세요",
            key=key,
            sent_at="2026-01-01T00:00:00.000Z",
        )
        future = cluster.producer.send(
            CHAT_MESSAGE.name, key=str(room_id).encode(), value=msgspec.json.encode(value)
        )
        return int(future.get(timeout=CALL_S).offset)

    with listening(cluster, room_channel(room_id)) as pubsub:
        first, _repeat, last = send_chat("a"), send_chat("a"), send_chat("b")
        pushed = collect(pubsub, lambda p: p["message"]["room_id"] == room_id, until=2)
    assert [publication["seq"] for publication in pushed] == [first, last]
    stored = cluster.container.messages
    wait_until(lambda: len(stored.after(room_id, -1, 10)) == 2, what="both are stored")
    assert [message.seq for message in stored.after(room_id, -1, 10)] == [first, last]
