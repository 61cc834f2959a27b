"""Connecting to Redis: a limit on every wait, and no hidden retries."""

from collections.abc import Callable
from typing import Any, TypeVar

from redis import ConnectionPool, Redis
from redis.backoff import NoBackoff
from redis.connection import Connection, ConnectionInterface
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from app.services.breaker import Breaker
from app.settings import Limits

T = TypeVar("T")


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


def connect_guarded(url: str, *, breaker: Breaker) -> "Redis":
    """As `connect`, for requests that wait: nothing is retried, and nothing sent while `breaker` is
    open.

    A refused call raises redis-py's ConnectionError.
    """
    pool = GuardedPool.from_url(
        url,
        breaker=breaker,
        decode_responses=True,
        socket_timeout=breaker.timeout_s,
        socket_connect_timeout=breaker.timeout_s,
        socket_keepalive=True,
        retry=NoRetry(breaker),
    )
    return Redis(connection_pool=pool)


class NoRetry(Retry):
    """Tries once, and reports a call that got no answer."""

    def __init__(self, breaker: Breaker) -> None:
        super().__init__(NoBackoff(), 0)
        self._breaker = breaker

    def __deepcopy__(self, _: dict[int, Any]) -> "NoRetry":
        """Itself: every connection copies its policy, and there is one breaker for all."""
        return self

    def call_with_retry(
        self,
        do: Callable[[], T],
        fail: Callable[..., Any],
        is_retryable: Callable[[Exception], bool] | None = None,
        with_failure_count: bool = False,  # noqa: FBT001, FBT002 - redis-py's own
    ) -> T:
        """Call `do`. Raise what it raises, after `fail`."""
        try:
            return super().call_with_retry(do, fail, is_retryable, with_failure_count)
        except (RedisTimeoutError, TimeoutError):
            self._breaker.unanswered()
            raise


class GuardedPool(ConnectionPool):
    """Refuses connections while the breaker is open."""

    def __init__(self, *, breaker: Breaker, **settings: Any) -> None:  # noqa: ANN401 - redis-py's
        super().__init__(**settings)
        self._breaker = breaker

    def get_connection(
        self,
        command_name: str | None = None,
        *keys: Any,  # noqa: ANN401 - redis-py's own
        **options: Any,  # noqa: ANN401
    ) -> Connection:
        """A connection that is ready. Raises ConnectionError, at once while the breaker is open."""
        if not self._breaker.allows():
            raise RedisConnectionError("Redis did not answer just now")
        return super().get_connection(command_name, *keys, **options)

    def release(self, connection: ConnectionInterface) -> None:
        """Take it back; after a call without an answer it is not connected."""
        if connection.is_connected:
            self._breaker.answered()
        super().release(connection)  # type: ignore[arg-type]  # redis-py says it narrower
