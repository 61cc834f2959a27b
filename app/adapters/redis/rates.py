"""The port `Rates` on Redis, by the generic cell rate algorithm: one number for each bucket.

The number is the time at which the bucket will be full again. While Redis does not answer, each
process counts for itself. A refused caller is refused until its time without another call to Redis:
a refusal takes no token, so it could not have been admitted sooner.
"""

import time
from collections.abc import Callable
from typing import cast

from cachetools import TTLCache
from redis import Redis
from redis.exceptions import RedisError

from app.domain.errors import RateLimitedError
from app.protocol.channels import rate_key
from app.services.rates import Rate

# One step on the server, and by its clock. Arguments, in microseconds: the time in which a token
# comes back, and how far ahead somebody may be. The answer is how long to wait, 0: it was taken.
_CONSUME = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
local wait = full_at - now - tonumber(ARGV[2])
if wait > 0 then return wait end
full_at = full_at + tonumber(ARGV[1])
redis.call('SET', KEYS[1], string.format('%.0f', full_at),
  'PX', math.ceil((full_at - now) / 1000))
return 0
"""
MICROSECONDS = 1_000_000
BUCKETS_MAX = 50_000  # that a process remembers
CACHED_S = 60.0


class LocalRates:
    """The buckets of one process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._full_at: TTLCache[tuple[str, str], float] = TTLCache(
            BUCKETS_MAX, CACHED_S, timer=clock
        )

    def consume(self, rate: Rate, who: int | str) -> None:
        """Consume one token. Raise RateLimitedError."""
        now, key = self._clock(), (rate.name, str(who))
        full_at = max(self._full_at.get(key, 0.0), now)
        _refuse(full_at - now - rate.ahead_s)
        self._full_at[key] = full_at + rate.interval_s


class RedisRates:
    """The buckets of all processes together."""

    def __init__(self, redis: Redis) -> None:
        self._consume = redis.register_script(_CONSUME)
        self._local = LocalRates()
        self._refused_until: TTLCache[str, float] = TTLCache(BUCKETS_MAX, CACHED_S)

    def consume(self, rate: Rate, who: int | str) -> None:
        """Consume one token. Raise RateLimitedError."""
        key = rate_key(rate.name, who)
        _refuse(self._refused_until.get(key, 0.0) - time.monotonic())
        times = [int(s * MICROSECONDS) for s in (rate.interval_s, rate.ahead_s)]
        try:
            wait_s = cast("int", self._consume(keys=[key], args=times)) / MICROSECONDS
        except RedisError:
            self._local.consume(rate, who)
        else:
            if wait_s > 0:
                self._refused_until[key] = time.monotonic() + wait_s
            _refuse(wait_s)


def _refuse(wait_s: float) -> None:
    if wait_s > 0:
        raise RateLimitedError("too often: wait a moment", retry_after_s=wait_s)
