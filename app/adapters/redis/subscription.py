"""A subscription on Redis whose publications are read as bytes.

redis-py's own `PubSub` polls the socket several times for each message, decodes it, and prints it
for a log that is off: 90 µs a message, of which 60 are saved here. Its connection is used all the
same, so that passwords, TLS and timeouts are those of every other client.
"""

from typing import Any, Final

from redis import Redis
from redis.exceptions import TimeoutError as RedisTimeoutError

# With protocol 3 the connection passes each message through a handler that prints it.
SETTINGS: Final = {"protocol": 2, "decode_responses": False, "health_check_interval": 0}

Message = list[bytes]
"""What the server sends: its kind, the channel, and the payload; of a `pong` no channel."""


class Subscription:
    """Connected from its making until `close`; every method raises RedisError and OSError."""

    def __init__(self, redis: Redis) -> None:
        pool = redis.connection_pool
        # redis-py has no types for what it makes connections of.
        self._connection: Any = pool.connection_class(**{**pool.connection_kwargs, **SETTINGS})
        self._connection.connect()

    def subscribe(self, *channels: str) -> None:
        """Ask for these channels; the server confirms each by a message `subscribe`."""
        self._send("SUBSCRIBE", *channels)

    def ping(self) -> None:
        """Ask for a sign of life: a message `pong`."""
        self._send("PING")

    def read(self, timeout_s: float) -> Message | None:
        """The next message; None when none came in time."""
        try:
            message: Message = self._connection.read_response(
                timeout=timeout_s, disconnect_on_error=False
            )
        except RedisTimeoutError:
            return None
        return message

    def close(self) -> None:
        """Disconnect."""
        self._connection.disconnect()

    def _send(self, *command: str) -> None:
        self._connection.send_command(*command, check_health=False)
