"""The progress of the deletion of old chat."""

from typing import cast

from redis import Redis
from redis.exceptions import RedisError

from app.domain.errors import UnavailableError
from app.protocol.channels import OLD_CHAT_KEY

KEPT_S = 7 * 24 * 3600  # a round that has not continued for this time starts again


class RedisBookmark:
    """The port `Bookmark`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def read(self) -> int:
        """Return the id of the last room; 0 at the start. Raise BusyError."""
        try:
            return int(cast("str | None", self._redis.get(OLD_CHAT_KEY)) or 0)
        except RedisError as error:
            raise UnavailableError("Redis cannot be reached") from error

    def write(self, room_id: int) -> None:
        """Store the id of the last room. Raise BusyError."""
        try:
            self._redis.set(OLD_CHAT_KEY, room_id, ex=KEPT_S)
        except RedisError as error:
            raise UnavailableError("Redis cannot be reached") from error
