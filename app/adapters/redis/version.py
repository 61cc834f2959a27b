"""The version of Redis."""

from redis import Redis, RedisError

from app.settings import Limits


def server_version(url: str, *, limits: Limits) -> tuple[int, ...] | None:
    """Return (major, minor, patch); None when the server does not let us in."""
    wait_s = limits.connect_timeout_s
    with Redis.from_url(
        url, socket_connect_timeout=wait_s, socket_timeout=wait_s, decode_responses=True
    ) as redis:
        try:
            # INFO has it too, but needs a right that our users need for nothing else.
            reply = redis.execute_command("HELLO")
        except (RedisError, OSError):
            return None
    found = reply if isinstance(reply, dict) else dict(zip(reply[::2], reply[1::2], strict=True))
    return tuple(int(part) for part in found["version"].split("."))
