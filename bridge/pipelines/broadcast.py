"""Broadcast: Kafka → Redis pub/sub, at least once, in partition order."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import msgspec
from msgspec.structs import replace
from redis import Redis
from redis.client import Pipeline as RedisPipeline

from app.observability import metrics, tracing
from app.observability.tracing import Stage
from app.protocol.channels import (
    AUCTION_EVENTS,
    CHAT_EVENTS,
    CHAT_MESSAGES,
    chat_seen_key,
    room_tail_key,
)
from app.protocol.fanout import RoomPublication
from app.protocol.records import ChatMessageValue, chat_message_decoder
from app.protocol.topics import AUCTION_EVENT, BROADCAST_GROUP, CHAT_EVENT, CHAT_MESSAGE, Topic
from app.services.burials import UNDECODABLE
from app.services.lanes import BadRecordError
from app.services.nicknames import Nicknames
from app.services.reading import read_value
from app.settings import Settings
from bridge.consuming import Consuming
from bridge.handling import HandlingPorts
from bridge.records import RawRecord

SEEN_S = 3600  # how long a repeated message is recognised; a day of chat would fill Redis
TAIL_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class Said:
    """A chat message and its record."""

    raw: RawRecord
    message: ChatMessageValue


@dataclass(frozen=True, slots=True)
class AsItIs:
    """A record that is published unread, as it is but for the contexts of traces in it: `value` is
    never None."""

    raw: RawRecord
    value: bytes


class Broadcast(Consuming[Said | AsItIs]):
    """Publishes what consumers in browsers wait for; acknowledges after Redis has it."""

    name = "broadcast"
    group = BROADCAST_GROUP
    topics: ClassVar[tuple[Topic, ...]] = (AUCTION_EVENT, CHAT_EVENT, CHAT_MESSAGE)
    # Of the topics whose records are published as they are.
    channel_of: ClassVar[Mapping[str, str]] = {
        AUCTION_EVENT.name: AUCTION_EVENTS,
        CHAT_EVENT.name: CHAT_EVENTS,
    }

    def __init__(
        self, ports: HandlingPorts, *, redis: Redis, nicknames: Nicknames, settings: Settings
    ) -> None:
        super().__init__(ports, settings=settings)
        self._redis, self._nicknames = redis, nicknames

    def read(self, raw: RawRecord) -> Said | AsItIs:
        """Chat messages are read; of all else only a record without a value cannot be published."""
        if raw.topic == CHAT_MESSAGE.name:
            return Said(raw, read_value(chat_message_decoder, raw.value))
        if raw.value is None:
            raise BadRecordError(UNDECODABLE, "the record has no value")
        return AsItIs(raw, raw.value)

    def handle(self, items: Sequence[Said | AsItIs]) -> None:
        """Publish them."""
        self._publish([one for one in items if isinstance(one, AsItIs)])
        self._publish_chat([one for one in items if isinstance(one, Said)])
        _measure([one.raw for one in items])

    def _publish(self, items: Sequence[AsItIs]) -> None:
        pipe = self._redis.pipeline(transaction=False)
        with tracing.spans(Stage.BROADCAST) as spans:
            for one in items:
                value = spans.follow_inside(one.raw.traceparent, one.value)
                pipe.publish(self.channel_of[one.raw.topic], value)
            pipe.execute()

    def _publish_chat(self, said: Sequence[Said]) -> None:
        """Each message and its place in the room's tail in one MULTI; repeats are left out."""
        names = self._nicknames.of(one.message.sender_id for one in said)
        claims = self._redis.pipeline(transaction=False)
        for one in said:
            seen = chat_seen_key(str(one.message.message_id))
            claims.set(seen, one.raw.offset, nx=True, get=True, ex=SEEN_S)
        pipe = self._redis.pipeline(transaction=True)
        for one, first in zip(said, claims.execute(), strict=True):
            if first is None or int(first) == one.raw.offset:
                self._add(pipe, one, names[one.message.sender_id])
        pipe.execute()

    def _add(self, pipe: RedisPipeline, said: Said, sender_nickname: str) -> None:
        unnamed = replace(said.message, sender_nickname=None)
        publication = RoomPublication(seq=said.raw.offset, message=unnamed)
        payload = msgspec.json.encode(publication)
        tail = room_tail_key(said.message.room_id)
        pipe.zadd(tail, {payload: said.raw.offset})
        pipe.zremrangebyrank(tail, 0, -self._settings.limits.room_tail_messages - 1)
        pipe.expire(tail, TAIL_S)
        named = replace(publication, sender_nickname=sender_nickname)
        pipe.publish(CHAT_MESSAGES, msgspec.json.encode(named))


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
