"""Who is there, over all gateways: sockets at a channel, and the open sockets of a user.

Each gateway writes only its own part, which fades when the gateway does. Without Redis a gateway
knows of itself alone.
"""

import time
from collections.abc import Callable, Iterable, Mapping

from redis import Redis
from redis.exceptions import RedisError

from app.protocol.channels import presence_key, user_sockets_key

FRESH_S = 15  # three rounds of presence
# Three renewals: for so long the sockets of a dead gateway count, and keep their owner out.
SOCKET_FRESH_S = 15

_CLAIM = """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[2] - ARGV[4])
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1
"""


class RedisPresence:
    """Presence as seen and told by the gateway `gateway`."""

    def __init__(self, redis: Redis, *, gateway: str) -> None:
        self._redis, self._gateway = redis, gateway
        self._claim = redis.register_script(_CLAIM)

    def exchange(self, here: Mapping[str, int]) -> dict[str, int]:
        """Tell how many sockets are at each channel here; learn how many are everywhere."""
        now = int(time.time())
        pipe = self._redis.pipeline(transaction=False)
        for channel, count in here.items():
            key = presence_key(channel)
            pipe.hset(key, self._gateway, f"{count}:{now}")
            pipe.expire(key, FRESH_S)
            pipe.hvals(key)
        try:
            answers = pipe.execute()[2::3]
        except RedisError:
            return dict(here)
        return {
            channel: max(count, _sum(entries, now))
            for (channel, count), entries in zip(here.items(), answers, strict=True)
        }

    def claim_socket(self, user_id: int, socket_id: str, *, sockets_max: int) -> bool:
        """Take one of the user's places; False when all are taken."""
        try:
            arguments = [socket_id, str(int(time.time())), str(sockets_max), str(SOCKET_FRESH_S)]
            return bool(self._claim(keys=[user_sockets_key(user_id)], args=arguments))
        except RedisError:
            return True

    def renew_sockets(self, sockets: Iterable[tuple[int, str]]) -> None:
        """Keep the places of sockets that are still open."""
        now = int(time.time())
        pipe = self._redis.pipeline(transaction=False)
        for user_id, socket_id in sockets:
            pipe.zadd(user_sockets_key(user_id), {socket_id: now})
            pipe.expire(user_sockets_key(user_id), SOCKET_FRESH_S)
        self._try(pipe.execute)

    def release_socket(self, user_id: int, socket_id: str) -> None:
        """Give the place back."""
        self._try(lambda: self._redis.zrem(user_sockets_key(user_id), socket_id))

    @staticmethod
    def _try(call: Callable[[], object]) -> None:
        try:
            call()
        except RedisError:
            return  # it fades by itself


def _sum(entries: Iterable[str], now: int) -> int:
    parts = (entry.split(":") for entry in entries)
    return sum(int(count) for count, told_at in parts if now - int(told_at) < FRESH_S)
