"""Presence over all gateways: sockets at a channel, and the open sockets of a user.

Each gateway writes only its own part, which expires when the gateway stops. Without Redis a gateway
knows its own sockets only.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import cast

from redis import Redis
from redis.exceptions import RedisError

from app.protocol.channels import EVICTIONS, presence_key, user_sockets_key
from app.settings import Limits

FRESH_S = 15  # three rounds of presence
RENEWALS = 3  # that may fail before a socket counts no more
MICROSECONDS = 1_000_000

# Of a user's sockets those heard from last keep their places; the gateways of the others are told.
# Times are the server's, in microseconds: gateways' clocks differ. Arguments: how many may stay,
# how long one counts that nobody renews, the channel, the user, and by turns a socket's id and how
# long ago it was heard from.
_CLAIM = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
for i = 5, #ARGV, 2 do redis.call('ZADD', KEYS[1], now - ARGV[i + 1], ARGV[i]) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[2] / 1000)
local evicted = redis.call('ZRANGE', KEYS[1], 0, -1 - ARGV[1])
for _, id in ipairs(evicted) do
  redis.call('ZREM', KEYS[1], id)
  redis.call('PUBLISH', ARGV[3], '{"user_id":' .. ARGV[4] .. ',"socket_id":"' .. id .. '"}')
end
return evicted
"""


class RedisPresence:
    """Presence as read and written by the gateway `gateway`."""

    def __init__(self, redis: Redis, *, gateway: str, limits: Limits) -> None:
        self._redis, self._gateway = redis, gateway
        self._sockets_max = limits.sockets_per_user_max
        # A socket that was not renewed for this time was closed, or its gateway is dead.
        silent_s = limits.ping_s + limits.pong_timeout_s + RENEWALS * limits.presence_s
        self._silent_us = int(silent_s * MICROSECONDS)
        self._claim = redis.register_script(_CLAIM)

    def exchange(self, here: Mapping[str, int]) -> dict[str, int]:
        """Publish the number of sockets at each channel here; return the numbers over all
        gateways."""
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

    def claim_socket(self, user_id: int, socket_id: str) -> list[str] | None:
        """Register a new socket of a user; return the user's sockets that are evicted by it.

        Their gateways have been notified. None: Redis does not answer, so it is not known.
        """
        try:
            return self._keep(user_id, {socket_id: 0.0})
        except RedisError:
            return None

    def renew_sockets(self, sockets: Mapping[int, Mapping[str, float]]) -> None:
        """Renew open sockets: by user, by id, seconds since their last frame."""
        pipe = self._redis.pipeline(transaction=False)
        for user_id, ages_s in sockets.items():
            self._keep(user_id, ages_s, pipe)
        self._try(pipe.execute)

    def _keep(
        self, user_id: int, ages_s: Mapping[str, float], client: Redis | None = None
    ) -> list[str]:
        arguments: list[str | int] = [self._sockets_max, self._silent_us, EVICTIONS, user_id]
        for socket_id, age_s in ages_s.items():
            arguments += [socket_id, int(age_s * MICROSECONDS)]
        key = user_sockets_key(user_id)
        return cast("list[str]", self._claim(keys=[key], args=arguments, client=client))

    def release_socket(self, user_id: int, socket_id: str) -> None:
        """Remove the socket."""
        self._try(lambda: self._redis.zrem(user_sockets_key(user_id), socket_id))

    @staticmethod
    def _try(call: Callable[[], object]) -> None:
        try:
            call()
        except RedisError:
            return  # it expires by itself


def _sum(entries: Iterable[str], now: int) -> int:
    parts = (entry.split(":") for entry in entries)
    return sum(int(count) for count, reported_at in parts if now - int(reported_at) < FRESH_S)
