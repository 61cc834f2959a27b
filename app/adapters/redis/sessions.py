"""The port `Sessions` on Redis: a key per session, one per refresh-token family, and for each user
the set of their sessions, by when they were used last."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import cast

import msgspec
from redis import Redis
from redis.exceptions import RedisError

from app.domain.errors import BusyError, UnauthenticatedError
from app.protocol.channels import (
    SESSIONS,
    family_key,
    last_signed_in_key,
    session_key,
    sessions_ended_key,
    user_sessions_key,
)
from app.protocol.fanout import SessionEnded
from app.services.batches import batches
from app.services.sessions import Client, StoredSession
from app.settings import Limits

# One step on the server, and by its clock: of two uses of one token one rotates, and the other
# comes just after it. Keys: family, session, sessions of the user, and the mark that all of them
# ended. Arguments: the token's hash, how long the family and the session live in seconds, how long
# what was rotated away is honoured in milliseconds, the session's id, device, address, and the
# hashes of the successors. A family of before sessions were listed has no `created_ms`.
_ROTATE = """
local family = redis.call('HMGET', KEYS[1], 'hash', 'user_id', 'before', 'rotated_ms', 'created_ms')
if not family[1] then return -1 end
if not family[5] and redis.call('EXISTS', KEYS[4]) == 1 then return -1 end
local clock = redis.call('TIME')
local now_ms = clock[1] * 1000 + math.floor(clock[2] / 1000)
local valid = -2
if family[1] == ARGV[1] then
  valid = 0
  redis.call('HSET', KEYS[1], 'hash', ARGV[8], 'before', ARGV[1], 'rotated_ms', now_ms)
elseif family[3] == ARGV[1] and now_ms - family[4] <= tonumber(ARGV[4]) then
  for i = 8, #ARGV do if ARGV[i] == family[1] then valid = i - 8 end end
end
if valid < 0 then
  redis.call('DEL', KEYS[1], KEYS[2])
  redis.call('ZREM', KEYS[3], ARGV[5])
  return valid
end
redis.call('HSETNX', KEYS[1], 'created_ms', now_ms)
redis.call('HSET', KEYS[1], 'used_ms', now_ms, 'device', ARGV[6], 'address', ARGV[7])
redis.call('EXPIRE', KEYS[1], ARGV[2])
redis.call('SET', KEYS[2], family[2], 'EX', ARGV[3])
redis.call('ZADD', KEYS[3], now_ms, ARGV[5])
redis.call('EXPIRE', KEYS[3], ARGV[2])
return valid
"""
_GONE, _REUSED = -1, -2


_SHOWN = ["created_ms", "used_ms", "device", "address"]  # of a family, as the list has it
LAST = "id"  # the one member of a sorted set, which Redis raises and never lowers
SCAN_KEYS = 1_000  # at a time


class RedisSessions:
    """Sessions live as long as their newest access token, families as long as their token.

    `fanout` is the server on which gateways listen for the end of sessions.
    """

    def __init__(
        self, redis: Redis, fanout: Redis, *, epoch: Callable[[], str], limits: Limits
    ) -> None:
        """`epoch` returns the name of the database's epoch, and raises BusyError while it is not
        known."""
        self._redis, self._fanout, self._epoch = redis, fanout, epoch
        self._family_s = limits.refresh_token_s
        self._session_s = limits.access_token_s + limits.access_token_leeway_s
        self._reuse_ms = int(limits.refresh_reuse_s * 1000)
        self._per_user_max = limits.sessions_per_user_max
        self._rotate = redis.register_script(_ROTATE)

    def open(self, session_id: str, user_id: int, *, token_hash: str, client: Client) -> None:
        """Open a new session."""
        family, signed_in = family_key(session_id), last_signed_in_key(self._epoch())
        of_user, now_ms = user_sessions_key(user_id), time.time_ns() // 1_000_000
        with busy(), self._redis.pipeline(transaction=True) as pipeline:
            pipeline.hset(
                family,
                mapping={
                    "hash": token_hash,
                    "user_id": user_id,
                    "created_ms": now_ms,
                    "used_ms": now_ms,
                    "device": client.device,
                    "address": client.address,
                },
            )
            pipeline.expire(family, self._family_s)
            pipeline.set(session_key(session_id), user_id, ex=self._session_s)
            pipeline.zadd(signed_in, {LAST: user_id}, gt=True)
            pipeline.expire(signed_in, self._family_s)
            pipeline.zremrangebyscore(of_user, 0, now_ms - self._family_s * 1000)
            pipeline.zadd(of_user, {session_id: now_ms})
            pipeline.expire(of_user, self._family_s)
            pipeline.zrange(of_user, 0, -self._per_user_max - 1)
            surplus = pipeline.execute()[-1]
        for oldest in surplus:
            self.end(oldest)

    def owner(self, session_id: str) -> int:
        """Return the id of the session's user. Raise UnauthenticatedError."""
        with busy():
            user_id = cast("str | None", self._redis.hget(family_key(session_id), "user_id"))
        if user_id is None:
            raise _ended()
        return int(user_id)

    def rotate(
        self,
        session_id: str,
        user_id: int,
        *,
        token_hash: str,
        successors: Sequence[str],
        client: Client,
    ) -> int:
        """Replace the valid token, unless the same one was just replaced."""
        keys = [
            family_key(session_id),
            session_key(session_id),
            user_sessions_key(user_id),
            sessions_ended_key(user_id),
        ]
        lives = (self._family_s, self._session_s, self._reuse_ms)
        named = (session_id, client.device, client.address)
        with busy():
            valid = cast("int", self._rotate(keys, [token_hash, *lives, *named, *successors]))
        if valid == _GONE:
            raise _ended()
        if valid == _REUSED:
            self._publish_end(SessionEnded(session_id))
            raise UnauthenticatedError("TOKEN_REUSED", "this token was used before")
        return valid

    def exists(self, session_id: str) -> bool:
        """Return whether the session's access tokens are valid."""
        with busy():
            return bool(self._redis.exists(session_key(session_id)))

    def alive(self, session_ids: Sequence[str]) -> set[str]:
        """Return those of the sessions whose access tokens are valid. Raise BusyError."""
        if not session_ids:
            return set()
        with busy():
            found = self._redis.mget([session_key(session_id) for session_id in session_ids])
        owners = zip(session_ids, cast("list[str | None]", found), strict=True)
        return {session_id for session_id, owner in owners if owner is not None}

    def of_user(self, user_id: int) -> list[StoredSession]:
        """Return the user's open sessions."""
        with busy():
            ids = self._ids_of(user_id)
            with self._redis.pipeline(transaction=False) as pipeline:
                for session_id in ids:
                    pipeline.hmget(family_key(session_id), _SHOWN)
                found = pipeline.execute()
        return [_stored(*one) for one in zip(ids, found, strict=True) if one[1][0] is not None]

    def end(self, session_id: str) -> None:
        """End the session and its refresh-token family."""
        family = family_key(session_id)
        with busy():
            user_id = cast("str | None", self._redis.hget(family, "user_id"))
            self._redis.delete(family, session_key(session_id))
            if user_id is not None:
                self._redis.zrem(user_sessions_key(int(user_id)), session_id)
        self._publish_end(SessionEnded(session_id))

    def end_all(self, user_id: int, *, but: str | None) -> None:
        """End all sessions of the user; those missing from the set cannot be refreshed."""
        with busy():
            ids = [session_id for session_id in self._ids_of(user_id) if session_id != but]
            with self._redis.pipeline(transaction=True) as pipeline:
                pipeline.set(sessions_ended_key(user_id), 1, ex=self._family_s)
                for session_id in ids:
                    pipeline.delete(family_key(session_id), session_key(session_id))
                    pipeline.zrem(user_sessions_key(user_id), session_id)
                pipeline.execute()
        self._publish_end(SessionEnded("", user_id=user_id, kept=but))

    def _ids_of(self, user_id: int) -> list[str]:
        return cast("list[str]", self._redis.zrange(user_sessions_key(user_id), 0, -1))

    def _publish_end(self, ended: SessionEnded) -> None:
        with busy():
            self._fanout.publish(SESSIONS, msgspec.json.encode(ended))


def last_signed_in(redis: Redis, epoch: str) -> int:
    """Return the greatest id of a user who has signed in during an epoch; 0 when Redis does not
    know."""
    try:
        found = redis.zscore(last_signed_in_key(epoch), LAST)
    except RedisError:
        return 0
    return int(found or 0)


def session_user_ids(redis: Redis) -> set[int]:
    """Return the users of all sessions. Raise BusyError."""
    with busy():
        families = redis.scan_iter(match=family_key("*"), count=SCAN_KEYS)
        found = {cast("str | None", redis.hget(family, "user_id")) for family in families}
        return {int(user_id) for user_id in found if user_id is not None}


def end_all_sessions(redis: Redis) -> int:
    """Delete every session and family; return how many sessions there were. Raise BusyError.

    Gateways notice by the epoch in tokens.
    """
    with busy():
        families = list(redis.scan_iter(match=family_key("*"), count=SCAN_KEYS))
        sessions = list(redis.scan_iter(match=session_key("*"), count=SCAN_KEYS))
        for keys in batches([*families, *sessions], SCAN_KEYS):
            redis.delete(*keys)
        return len(families)


def _stored(session_id: str, fields: Sequence[str | None]) -> StoredSession:
    created_ms, used_ms, device, address = fields
    return StoredSession(
        session_id=session_id,
        client=Client(device or "", address or ""),
        created_ms=int(created_ms or 0),
        used_ms=int(used_ms or 0),
    )


def _ended() -> UnauthenticatedError:
    return UnauthenticatedError(detail="the session has ended")


@contextmanager
def busy() -> Iterator[None]:
    """Turn errors of Redis into BusyError."""
    try:
        yield
    except RedisError as error:
        raise BusyError("sessions cannot be checked") from error
