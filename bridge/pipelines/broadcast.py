"""Broadcast: Kafka → Redis pub/sub, at least once, in partition order."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from msgspec.structs import replace
from redis import Redis
from redis.client import Pipeline as RedisPipeline

from app.observability import metrics
from app.protocol.channels import (
    AUCTIONS,
    CHAT_EVENTS,
    auction_channel,
    chat_seen_key,
    room_channel,
    room_tail_key,
    user_channel,
)
from app.protocol.fanout import (
    RoomPublication,
    UserOutcomes,
    addressee_decoder,
    price_state_decoder,
)
from app.protocol.pushes import PriceItem, price_item
from app.protocol.records import (
    ChatMessageValue,
    RawAuctionEvent,
    auction_event_decoder,
    chat_message_decoder,
)
from app.protocol.topics import AUCTION_EVENT, BROADCAST_GROUP, CHAT_EVENT, CHAT_MESSAGE
from app.services.nicknames import Nicknames
from app.services.reading import read_value
from lanes import tracing
from lanes.dead_letter import UNDECODABLE
from lanes.errors import BadRecordError
from lanes.record import RawRecord
from lanes.record_processor import RecordHandler
from lanes.topic import Topic
from lanes.tracing import Stage

# Commands of one pipeline, 1 KB of memory each; those of one event go together.
PUBLISH_MAX = 1_000
PUSHED_TTL_S = 3600  # how long a repeated message is recognised; a day of chat would fill Redis
TAIL_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class ChatRecord:
    """A chat message and its record."""

    raw: RawRecord
    message: ChatMessageValue


@dataclass(frozen=True, slots=True)
class AuctionEventRecord:
    """An `auction-event` record, decoded: what a transaction of a worker decided on one auction."""

    raw: RawRecord
    value: bytes
    event: RawAuctionEvent
    price: PriceItem


@dataclass(frozen=True, slots=True)
class UndecodedRecord:
    """A record that is published without decoding; `value` is never None."""

    raw: RawRecord
    value: bytes


class Broadcast(RecordHandler[ChatRecord | AuctionEventRecord | UndecodedRecord]):
    """Publishes to the gateways through Redis, and commits after Redis has taken the messages.

    app/web/ws/hub.py receives them; feeds.py and deliveries.py there push them to browsers. Each
    gateway has subscribed to what its sockets need (channels.py), so Redis finds the receivers.
    """

    group = BROADCAST_GROUP
    topics: tuple[Topic, ...] = (AUCTION_EVENT, CHAT_EVENT, CHAT_MESSAGE)

    def __init__(self, *, redis: Redis, nicknames: Nicknames, room_tail_messages: int) -> None:
        self._room_tail_messages = room_tail_messages
        self._redis, self._nicknames = redis, nicknames

    def read(self, raw: RawRecord) -> ChatRecord | AuctionEventRecord | UndecodedRecord:
        """Decode the record; of a chat event only a missing value is an error."""
        if raw.topic == CHAT_MESSAGE.name:
            return ChatRecord(raw, read_value(chat_message_decoder, raw.value))
        if raw.value is None:
            raise BadRecordError(UNDECODABLE, "the record has no value")
        return (
            UndecodedRecord(raw, raw.value)
            if raw.topic == CHAT_EVENT.name
            else _auction_event(raw, raw.value)
        )

    def handle(self, items: Sequence[ChatRecord | AuctionEventRecord | UndecodedRecord]) -> None:
        """Publish the items."""
        if events := [one for one in items if isinstance(one, AuctionEventRecord)]:
            self._publish_auction_events(events)
        if undecoded := [one for one in items if isinstance(one, UndecodedRecord)]:
            self._publish_chat_events(undecoded)
        if chat := [one for one in items if isinstance(one, ChatRecord)]:
            self._publish_chat(chat)
        _measure([one.raw for one in items])

    def _publish_chat_events(self, items: Sequence[UndecodedRecord]) -> None:
        pipe = self._redis.pipeline(transaction=False)
        with tracing.spans(Stage.BROADCAST) as spans:
            for one in items:
                pipe.publish(CHAT_EVENTS, spans.continue_traces_in(one.raw.traceparent, one.value))
            pipe.execute()

    def _publish_auction_events(self, items: Sequence[AuctionEventRecord]) -> None:
        pipe = self._redis.pipeline(transaction=False)
        with tracing.spans(Stage.BROADCAST) as spans:
            for one in items:
                event = one.event
                value = spans.continue_traces_in(one.raw.traceparent, one.value)
                if value is not one.value:
                    event = auction_event_decoder.decode(value)
                pipe.publish(auction_channel(event.auction_id), bytes(event.state))
                for user_id, payload in by_user(event).items():
                    pipe.publish(user_channel(user_id), payload)
                if len(pipe) >= PUBLISH_MAX:
                    pipe.execute()
            prices = {one.event.auction_id: one.price for one in items}
            pipe.publish(AUCTIONS, msgspec.json.encode(list(prices.values())))
            pipe.execute()

    def _publish_chat(self, chat: Sequence[ChatRecord]) -> None:
        """Each message and its place in the room's tail in one MULTI; repeats are left out."""
        names = self._nicknames.of(one.message.sender_id for one in chat)
        claims = self._redis.pipeline(transaction=False)
        for one in chat:
            seen = chat_seen_key(str(one.message.message_id))
            claims.set(seen, one.raw.offset, nx=True, get=True, ex=PUSHED_TTL_S)
        pipe = self._redis.pipeline(transaction=True)
        for one, first in zip(chat, claims.execute(), strict=True):
            if first is None or int(first) == one.raw.offset:
                self._add(pipe, one, names[one.message.sender_id])
        pipe.execute()

    def _add(self, pipe: RedisPipeline, chat: ChatRecord, sender_nickname: str) -> None:
        unnamed = replace(chat.message, sender_nickname=None)
        publication = RoomPublication(seq=chat.raw.offset, message=unnamed)
        payload = msgspec.json.encode(publication)
        tail = room_tail_key(chat.message.room_id)
        pipe.zadd(tail, {payload: chat.raw.offset})
        pipe.zremrangebyrank(tail, 0, -self._room_tail_messages - 1)
        pipe.expire(tail, TAIL_S)
        named = replace(publication, sender_nickname=sender_nickname)
        pipe.publish(room_channel(chat.message.room_id), msgspec.json.encode(named))


def _auction_event(raw: RawRecord, value: bytes) -> AuctionEventRecord:
    """Raises BadRecordError."""
    try:
        event = auction_event_decoder.decode(value)
        state = price_state_decoder.decode(event.state)
    except ValueError as error:
        raise BadRecordError(UNDECODABLE, str(error)) from error
    return AuctionEventRecord(raw, value, event, price_item(event.auction_id, state))


def by_user(event: RawAuctionEvent) -> dict[int, bytes]:
    """Return each bidder's own outcomes and refusals, in their order."""
    outcomes: dict[int, list[msgspec.Raw]] = {}
    refused: dict[int, list[msgspec.Raw]] = {}
    for found, entries in ((outcomes, event.outcomes), (refused, event.refused)):
        for entry in entries:
            found.setdefault(addressee_decoder.decode(entry).bidder_id, []).append(entry)
    return {
        user_id: msgspec.json.encode(
            UserOutcomes(event.auction_id, outcomes.get(user_id, []), refused.get(user_id, []))
        )
        for user_id in outcomes.keys() | refused.keys()
    }


def _measure(records: Sequence[RawRecord]) -> None:
    now = time.time()
    logged: dict[str, float] = {}
    written: dict[str, float] = {}
    for raw in records:
        metrics.BROADCAST.labels(raw.topic).inc()
        _keep_least(logged, raw.topic, raw.log_time.timestamp())
        if raw.written_at_ms is not None:
            _keep_least(written, raw.topic, raw.written_at_ms / 1_000)
    for topic, at in logged.items():
        metrics.BROADCAST_LAG.labels(topic).observe(max(0.0, now - at))
    for topic, at in written.items():
        metrics.BROADCAST_AGE.labels(topic).observe(max(0.0, now - at))


def _keep_least(of: dict[str, float], topic: str, at: float) -> None:
    of[topic] = min(at, of.get(topic, at))
