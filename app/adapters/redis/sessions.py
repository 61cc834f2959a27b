"""The port `Sessions` on Redis: a key per session, and one per refresh-token family."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

import msgspec
from redis import Redis
from redis.exceptions import RedisError

from app.domain.errors import BusyError, UnauthenticatedError
from app.protocol.channels import SESSIONS, family_key, last_signed_in_key, session_key
from app.protocol.fanout import SessionEnded
from app.settings import Limits

# One step on the server, and by its clock: of two uses of one token one rotates, and the other
# comes just after it. Arguments: the token's hash, its successor's, how long the family and the
# session live in seconds, and how long what was rotated away is honoured in milliseconds.
_ROTATE = """
local family = redis.call('HMGET', KEYS[1], 'hash', 'user_id', 'before', 'rotated_ms')
if not family[1] then return 'GONE' end
local clock = redis.call('TIME')
local now_ms = clock[1] * 1000 + math.floor(clock[2] / 1000)
if family[1] == ARGV[1] then
  redis.call('HSET', KEYS[1], 'hash', ARGV[2], 'before', ARGV[1], 'rotated_ms', now_ms)
elseif family[3] ~= ARGV[1] or now_ms - family[4] > tonumber(ARGV[5]) then
  redis.call('DEL', KEYS[1], KEYS[2])
  return 'REUSED'
end
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('SET', KEYS[2], family[2], 'EX', ARGV[4])
return 'DONE'
"""


LAST = "id"  # the one member of a sorted set, which Redis raises and never lowers
SCAN_KEYS = 1_000  # at a time


class RedisSessions:
    """Sessions live as long as their newest access token, families as long as their token.

    `fanout` is the server on which gateways listen for the end of sessions.
    """

    def __init__(
        self, redis: Redis, fanout: Redis, *, epoch: Callable[[], str], limits: Limits
    ) -> None:
        """`epoch` names that of the database, and raises BusyError while nobody knows it."""
        self._redis, self._fanout, self._epoch = redis, fanout, epoch
        self._family_s = limits.refresh_token_s
        self._session_s = limits.access_token_s + limits.access_token_leeway_s
        self._reuse_ms = int(limits.refresh_reuse_s * 1000)
        self._rotate = redis.register_script(_ROTATE)

    def open(self, session_id: str, user_id: int, token_hash: str) -> None:
        """A new session."""
        family, signed_in = family_key(session_id), last_signed_in_key(self._epoch())
        with _busy(), self._redis.pipeline(transaction=True) as pipeline:
            pipeline.hset(family, mapping={"hash": token_hash, "user_id": user_id})
            pipeline.expire(family, self._family_s)
            pipeline.set(session_key(session_id), user_id, ex=self._session_s)
            pipeline.zadd(signed_in, {LAST: user_id}, gt=True)
            pipeline.expire(signed_in, self._family_s)
            pipeline.execute()

    def owner(self, session_id: str) -> int:
        """The id of the session's user. Raises UnauthenticatedError."""
        with _busy():
            user_id = cast("str | None", self._redis.hget(family_key(session_id), "user_id"))
        if user_id is None:
            raise _ended()
        return int(user_id)

    def rotate(self, session_id: str, token_hash: str, new_hash: str) -> None:
        """Replace the valid token, unless that was done with the same one a moment ago."""
        keys = [family_key(session_id), session_key(session_id)]
        lives = (self._family_s, self._session_s, self._reuse_ms)
        with _busy():
            said = cast("str", self._rotate(keys=keys, args=[token_hash, new_hash, *lives]))
        if said == "GONE":
            raise _ended()
        if said == "REUSED":
            self._tell(session_id)
            raise UnauthenticatedError("TOKEN_REUSED", "this token was used before")

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


def last_signed_in(redis: Redis, epoch: str) -> int:
    """The greatest id of a user who has signed in during an epoch; 0 when Redis cannot tell."""
    try:
        found = redis.zscore(last_signed_in_key(epoch), LAST)
    except RedisError:
        return 0
    return int(found or 0)


def session_user_ids(redis: Redis) -> set[int]:
    """Whose the sessions are. Raises BusyError."""
    with _busy():
        families = redis.scan_iter(match=family_key("*"), count=SCAN_KEYS)
        found = {cast("str | None", redis.hget(family, "user_id")) for family in families}
        return {int(user_id) for user_id in found if user_id is not None}


def end_all_sessions(redis: Redis) -> int:
    """Forget every session and family; how many sessions there were. Raises BusyError.

    Gateways learn of it by the epoch of their tokens.
    """
    with _busy():
        families = list(redis.scan_iter(match=family_key("*"), count=SCAN_KEYS))
        sessions = list(redis.scan_iter(match=session_key("*"), count=SCAN_KEYS))
        keys = [*families, *sessions]
        for first in range(0, len(keys), SCAN_KEYS):
            redis.delete(*keys[first : first + SCAN_KEYS])
        return len(families)


def _ended() -> UnauthenticatedError:
    return UnauthenticatedError(detail="the session has ended")


@contextmanager
def _busy() -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        raise BusyError("sessions cannot be checked") from error
