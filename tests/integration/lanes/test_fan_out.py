"""What leaves the stores again: outcomes over Redis, chat into MongoDB, each once."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import msgspec
from redis.client import PubSub

from app.domain.ids import message_id
from app.protocol.channels import AUCTION_EVENTS, CHAT_MESSAGES
from app.protocol.records import ChatMessageValue
from app.protocol.topics import CHAT_MESSAGE
from tests.integration.lanes.house import House
from tests.waiting import CALL_S, wait_until

ROOM_IDS_FROM = 10**9  # rooms of no row: save and broadcast ask nobody


@contextmanager
def listening(house: House, channel: str) -> Iterator[PubSub]:
    """A confirmed subscription."""
    pubsub = house.container.fanout.pubsub()  # type: ignore[no-untyped-call]
    pubsub.subscribe(channel)
    confirmation = pubsub.get_message(timeout=5)
    assert confirmation is not None
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


def test_outcomes_reach_redis_with_rising_versions(house: House) -> None:
    lot = house.auction(lasts_s=3_600)
    with listening(house, AUCTION_EVENTS) as pubsub:
        versions, told = [], []
        for number in range(3):
            bidder, amount = lot.bidders[number], 2_000 * (number + 1)
            house.bid(lot, bidder=bidder, amount=amount, key="k").get(timeout=CALL_S)
            (event,) = collect(pubsub, lambda e: e["auction_id"] == lot.auction_id, until=1)
            versions.append(event["version"])
            told += [(o["bidder_id"], o["status"], o["price"]) for o in event["outcomes"]]
    assert versions == sorted(set(versions))
    assert told == [(lot.bidders[n], "accepted", 2_000 * (n + 1)) for n in range(3)]
    assert event["state"]["leader"] == {"alias": 3}
    assert [bid["seq"] for bid in event["state"]["bids"]] == [3]


def test_a_repeated_message_is_neither_stored_nor_pushed_again(house: House) -> None:
    room_id = ROOM_IDS_FROM + uuid4().int % 10**9

    def say(key: str) -> int:
        value = ChatMessageValue(
            v=1,
            message_id=message_id(1, room_id, key),
            room_id=room_id,
            sender_id=1,
            text="안녕하세요",
            key=key,
            sent_at="2026-01-01T00:00:00.000Z",
        )
        future = house.producer.send(
            CHAT_MESSAGE.name, key=str(room_id).encode(), value=msgspec.json.encode(value)
        )
        return int(future.get(timeout=CALL_S).offset)

    with listening(house, CHAT_MESSAGES) as pubsub:
        first, _repeat, last = say("a"), say("a"), say("b")
        pushed = collect(pubsub, lambda p: p["message"]["room_id"] == room_id, until=2)
    assert [publication["seq"] for publication in pushed] == [first, last]
    stored = house.container.messages
    wait_until(lambda: len(stored.after(room_id, -1, 10)) == 2, what="both are stored")
    assert [message.seq for message in stored.after(room_id, -1, 10)] == [first, last]
