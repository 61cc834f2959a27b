"""The port `UsedStates` on Redis: a key for each log-in by a provider that was finished."""

import hashlib

from redis import Redis
from redis.exceptions import RedisError

from app.domain.errors import BusyError
from app.protocol.channels import used_state_key
from app.settings import Limits


class RedisUsedStates:
    """Remembers a state for as long as its cookie could be good."""

    def __init__(self, redis: Redis, *, limits: Limits) -> None:
        self._redis, self._life_s = redis, limits.provider_log_in_s

    def use_once(self, state: str) -> bool:
        """Return whether this state is used for the first time. Raise BusyError."""
        key = used_state_key(hashlib.sha256(state.encode()).hexdigest())
        try:
            return bool(self._redis.set(key, 1, nx=True, ex=self._life_s))
        except RedisError as error:
            raise BusyError("log-ins cannot be checked") from error
