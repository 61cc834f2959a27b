"""Checks that Redis requires a password."""

from redis import Redis, RedisError

from app.settings import Limits


def accepts_without_password(url: str, *, limits: Limits) -> bool:
    """Return whether the server at `url` answers a client without a password.

    False also when it does not answer at all.
    """
    with Redis.from_url(url, socket_connect_timeout=limits.connect_timeout_s) as redis:
        settings = redis.connection_pool.connection_kwargs
        settings |= {"username": None, "password": None, "socket_timeout": limits.connect_timeout_s}
        try:
            redis.exists("readyz")  # a ping may be allowed without a password, for health checks
        except (RedisError, OSError):
            return False
        return True
