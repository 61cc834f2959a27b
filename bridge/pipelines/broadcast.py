"""Broadcast: Kafka → Redis pub/sub, at least once, in partition order."""

import time
from collections.abc import Sequence

import msgspec
from kafka.consumer.fetcher import ConsumerRecord
from redis import Redis
from redis.client import Pipeline as RedisPipeline

from app.observability import metrics
from app.protocol.channels import (
    AUCTION_EVENTS,
    CHAT_EVENTS,
    CHAT_MESSAGES,
    chat_seen_key,
    room_tail_key,
)
from app.protocol.fanout import RoomPublication
from app.protocol.records import ChatMessageValue
from app.protocol.topics import AUCTION_EVENT, BROADCAST_GROUP, CHAT_EVENT, CHAT_MESSAGE
from app.settings import Settings
from bridge.consuming import Consuming, Polled

SEEN_S = 24 * 3600  # how long a repeated message is recognised
TAIL_S = 24 * 3600
CHANNEL_OF = {AUCTION_EVENT.name: AUCTION_EVENTS, CHAT_EVENT.name: CHAT_EVENTS}

chat_decoder = msgspec.json.Decoder(ChatMessageValue)


class Broadcast(Consuming):
    """Publishes what consumers in browsers wait for; acknowledges after Redis has it."""

    name = "broadcast"
    group = BROADCAST_GROUP
    topics = (*CHANNEL_OF, CHAT_MESSAGE.name)

    def __init__(self, *, settings: Settings, redis: Redis) -> None:
        super().__init__(settings=settings)
        self._redis = redis

    def handle(self, polled: Polled) -> None:
        """Publish them, partition by partition."""
        for partition, records in polled.items():
            self._publish(partition.topic, records)
            lag_s = time.time() - records[0].timestamp / 1000
            metrics.BROADCAST.labels(partition.topic).inc(len(records))
            metrics.BROADCAST_LAG.labels(partition.topic).observe(max(0.0, lag_s))

    def _publish(self, topic: str, records: Sequence[ConsumerRecord]) -> None:
        if topic == CHAT_MESSAGE.name:
            self._publish_chat(records)
            return
        pipe = self._redis.pipeline(transaction=False)
        for record in records:
            pipe.publish(CHANNEL_OF[topic], record.value)
        pipe.execute()

    def _publish_chat(self, records: Sequence[ConsumerRecord]) -> None:
        """Each message and its place in the room's tail in one MULTI; repeats are left out."""
        decoded = [(record, chat_decoder.decode(record.value)) for record in records]
        claims = self._redis.pipeline(transaction=False)
        for record, value in decoded:
            claims.set(
                chat_seen_key(str(value.message_id)), record.offset, nx=True, get=True, ex=SEEN_S
            )
        pipe = self._redis.pipeline(transaction=True)
        for (record, value), first in zip(decoded, claims.execute(), strict=True):
            if first is None or int(first) == record.offset:
                self._add(pipe, record, value)
        pipe.execute()

    def _add(self, pipe: RedisPipeline, record: ConsumerRecord, value: ChatMessageValue) -> None:
        publication = RoomPublication(seq=record.offset, message=value)
        payload = msgspec.json.encode(publication)
        tail = room_tail_key(value.room_id)
        pipe.zadd(tail, {payload: record.offset})
        pipe.zremrangebyrank(tail, 0, -self._settings.limits.room_tail_messages - 1)
        pipe.expire(tail, TAIL_S)
        pipe.publish(CHAT_MESSAGES, payload)
