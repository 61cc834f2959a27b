"""What was just said in a room: the capped list that broadcast keeps beside its publications."""

from typing import cast

from redis import Redis
from redis.exceptions import RedisError

from app.protocol.channels import room_tail_key
from app.protocol.fanout import published_message, room_publication_decoder
from app.protocol.resources import ChatMessage


class RedisRoomTail:
    """The port `RoomTail`; may vanish, then the store alone answers."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def newest(self, room_id: int) -> list[ChatMessage]:
        """All of it, ascending by seq."""
        try:
            payloads = cast("list[str]", self._redis.zrange(room_tail_key(room_id), 0, -1))
        except RedisError:
            return []
        return [published_message(room_publication_decoder.decode(text)) for text in payloads]
