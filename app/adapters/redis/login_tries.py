"""The port `TryCounter` on Redis: a hash per account and source, a number per account.

All fade LOGIN_FAILURES_S after the last try.
"""

from typing import cast

from redis import Redis

from app.adapters.redis.sessions import busy
from app.protocol.channels import account_tries_key, login_tries_key
from app.services.login_backoff import Tries
from app.settings import Limits

# One step on the server, and by its clock, so that tries at once are counted one by one.
# Keys: the source's, and the account's for a network. Arguments: how many tries are free, how many
# where the account is under attack, from how many tries on it is; in milliseconds the first and the
# longest wait, and how long all is remembered. The answer is how long to wait, 0: it may be tried.
_BEGIN = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local wait = tonumber(redis.call('HGET', KEYS[1], 'until') or 0) - now
if wait > 0 then return wait end
local free = tonumber(ARGV[1])
if KEYS[2] then
  if redis.call('INCR', KEYS[2]) > tonumber(ARGV[3]) then free = tonumber(ARGV[2]) end
  redis.call('PEXPIRE', KEYS[2], ARGV[6])
end
local failures = redis.call('HINCRBY', KEYS[1], 'failures', 1)
if failures >= free then
  wait = math.min(tonumber(ARGV[4]) * 2 ^ math.min(failures - free, 60), tonumber(ARGV[5]))
  redis.call('HSET', KEYS[1], 'until', string.format('%.0f', now + wait))
end
redis.call('PEXPIRE', KEYS[1], ARGV[6])
return 0
"""
# A begun wait stays; otherwise an attacker who keeps the server busy would never wait.
_CANCEL = """
for number, key in ipairs(KEYS) do
  if redis.call('EXISTS', key) == 1 then
    if number == 1 then redis.call('HINCRBY', key, 'failures', -1)
    else redis.call('DECR', key) end
  end
end
"""


class RedisTryCounter:
    """Tries of passwords, shared by all processes."""

    def __init__(self, redis: Redis, *, limits: Limits) -> None:
        self._redis = redis
        self._begin = redis.register_script(_BEGIN)
        self._cancel = redis.register_script(_CANCEL)
        self._arguments = [
            limits.login_failures_free,
            limits.login_failures_free_attacked,
            limits.login_failures_attacked,
            *(
                int(seconds * 1_000)
                for seconds in (
                    limits.login_wait_first_s, limits.login_wait_max_s, limits.login_failures_s
                )
            ),
        ]  # fmt: skip

    def begin(self, tries: Tries) -> float:
        """Count a try and return 0; if it must wait, count nothing and return the seconds. Raise
        BusyError."""
        with busy():
            wait_ms = cast("int", self._begin(keys=_keys(tries), args=self._arguments))
        return wait_ms / 1_000

    def succeed(self, tries: Tries) -> None:
        """Delete the network's tries, and take the last one from the account's. Raise BusyError."""
        source, *account = _keys(tries)
        with busy(), self._redis.pipeline(transaction=True) as pipeline:
            pipeline.delete(source)
            for key in account:
                pipeline.decr(key)
            pipeline.execute()

    def cancel(self, tries: Tries) -> None:
        """Take back one try. Raise BusyError."""
        with busy():
            self._cancel(keys=_keys(tries))


def _keys(tries: Tries) -> list[str]:
    source = login_tries_key(tries.account, tries.source)
    return [source, account_tries_key(tries.account)] if tries.is_of_network else [source]
