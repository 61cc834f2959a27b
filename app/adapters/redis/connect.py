"""How we connect to Redis: a limit on every wait, and no surprise retries."""

from redis import Redis

from app.settings import Limits


def connect(url: str, *, limits: Limits) -> "Redis":
    """A client of `url`, answers as text; connects on first use."""
    return Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=limits.read_timeout_s,
        socket_connect_timeout=limits.connect_timeout_s,
        socket_keepalive=True,
        health_check_interval=15,
    )
