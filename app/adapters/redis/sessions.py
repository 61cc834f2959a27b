"""The port `Sessions` on Redis: a key per session, and one per refresh-token family."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import msgspec
from redis import Redis
from redis.exceptions import RedisError

from app.domain.errors import BusyError, UnauthenticatedError
from app.protocol.channels import SESSIONS, family_key, session_key
from app.protocol.fanout import SessionEnded
from app.settings import Limits

# One step on the server, so that of two uses of one token at most one succeeds.
_ROTATE = """
local valid = redis.call('HGET', KEYS[1], 'hash')
if not valid then return 'GONE' end
if valid ~= ARGV[1] then
  redis.call('DEL', KEYS[1], KEYS[2])
  return 'REUSED'
end
local user_id = redis.call('HGET', KEYS[1], 'user_id')
redis.call('HSET', KEYS[1], 'hash', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('SET', KEYS[2], user_id, 'EX', ARGV[4])
return user_id
"""


class RedisSessions:
    """Sessions live as long as their newest access token, families as long as their token.

    `fanout` is the server on which gateways listen for the end of sessions.
    """

    def __init__(self, redis: Redis, fanout: Redis, *, limits: Limits) -> None:
        self._redis, self._fanout, self._limits = redis, fanout, limits
        self._rotate = redis.register_script(_ROTATE)

    def open(self, session_id: str, user_id: int, token_hash: str) -> None:
        """A new session."""
        family = family_key(session_id)
        with _busy(), self._redis.pipeline(transaction=True) as pipeline:
            pipeline.hset(family, mapping={"hash": token_hash, "user_id": user_id})
            pipeline.expire(family, self._limits.refresh_token_s)
            pipeline.set(session_key(session_id), user_id, ex=self._limits.access_token_s)
            pipeline.execute()

    def rotate(self, session_id: str, token_hash: str, new_hash: str) -> int:
        """Replace the valid token; the user's id."""
        keys = [family_key(session_id), session_key(session_id)]
        lives_s = [self._limits.refresh_token_s, self._limits.access_token_s]
        with _busy():
            said = cast("str", self._rotate(keys=keys, args=[token_hash, new_hash, *lives_s]))
        if said == "GONE":
            raise UnauthenticatedError(detail="the session has ended")
        if said == "REUSED":
            self._tell(session_id)
            raise UnauthenticatedError("TOKEN_REUSED", "this token was used before")
        return int(said)

    def exists(self, session_id: str) -> bool:
        """Whether the session's access tokens are good."""
        with _busy():
            return bool(self._redis.exists(session_key(session_id)))

    def end(self, session_id: str) -> None:
        """The session and its family are dead."""
        with _busy():
            self._redis.delete(family_key(session_id), session_key(session_id))
        self._tell(session_id)

    def _tell(self, session_id: str) -> None:
        with _busy():
            self._fanout.publish(SESSIONS, msgspec.json.encode(SessionEnded(session_id)))


@contextmanager
def _busy() -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        raise BusyError("sessions cannot be checked") from error
