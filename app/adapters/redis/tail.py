"""The newest messages of a room: the capped list that broadcast keeps beside its publications."""

from typing import cast

from redis import Redis
from redis.exceptions import RedisError

from app.domain.errors import BusyError, UnavailableError
from app.protocol.channels import room_tail_key
from app.protocol.fanout import published_message, room_publication_decoder
from app.protocol.resources import ChatMessage


class RedisRoomTail:
    """The port `RoomTail`; the list may vanish, then the store alone answers."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def newest(self, room_id: int) -> list[ChatMessage]:
        """Return the whole list, ascending by seq; empty when it is lost or Redis does not
        answer."""
        try:
            return self._read(room_id)
        except BusyError:
            return []

    def pushed(self, room_id: int) -> list[tuple[int, str]]:
        """Return (seq, message id) in the order of the list. Raise BusyError."""
        return [(message.seq, message.message_id) for message in self._read(room_id)]

    def _read(self, room_id: int) -> list[ChatMessage]:
        try:
            payloads = cast("list[str]", self._redis.zrange(room_tail_key(room_id), 0, -1))
        except RedisError as error:
            raise UnavailableError("Redis cannot be reached") from error
        return [published_message(room_publication_decoder.decode(text)) for text in payloads]
