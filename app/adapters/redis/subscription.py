"""A subscription on Redis whose publications are read as bytes, all that have come in one go.

redis-py's own `PubSub` polls the socket several times for each message, decodes it, and prints it
for a log that is off: 90 µs for a message that comes alone. So only connecting is redis-py's, with
passwords, TLS and timeouts as of every other client; what comes is read by its own parser, hiredis.
"""

from threading import Lock
from typing import Any, Final

from hiredis import Reader, ReplyError
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

READ_BYTES: Final = 64 * 1024
SETTINGS: Final = {"protocol": 2, "decode_responses": False, "health_check_interval": 0}

Message = list[bytes]
"""What the server sends: its kind, the channel, and the payload; of a `pong` no channel."""


class Subscription:
    """Connected from its making until `close`; every method raises RedisError and OSError.

    One thread reads; any may subscribe and unsubscribe.
    """

    def __init__(self, redis: Redis) -> None:
        pool = redis.connection_pool
        # redis-py has no types for connection classes.
        self._connection: Any = pool.connection_class(**{**pool.connection_kwargs, **SETTINGS})
        self._connection.connect()
        self._socket = self._connection._sock  # noqa: SLF001 - it has no other seam
        self._reader = Reader()
        self._sending = Lock()

    def subscribe(self, *channels: str) -> None:
        """Ask for these channels; the server confirms each by a message `subscribe`."""
        self._send("SUBSCRIBE", *channels)

    def unsubscribe(self, *channels: str) -> None:
        """Ask for these channels no more; the server confirms each by a message `unsubscribe`."""
        self._send("UNSUBSCRIBE", *channels)

    def ping(self) -> None:
        """Ask for a sign of life: a message `pong`."""
        self._send("PING")

    def read(self, timeout_s: float) -> list[Message]:
        """The messages that have come, or come first within `timeout_s`."""
        self._socket.settimeout(timeout_s)
        try:
            data = self._socket.recv(READ_BYTES)
        except TimeoutError:
            return []
        if not data:
            raise RedisConnectionError("the server has closed the subscription")
        self._reader.feed(data)
        messages: list[Message] = []
        while (message := self._reader.gets()) is not False:
            if isinstance(message, ReplyError):
                raise ResponseError(str(message))
            messages.append(message)
        return messages

    def close(self) -> None:
        """Disconnect."""
        self._connection.disconnect()

    def _send(self, *command: str) -> None:
        with self._sending:
            if not self._connection.is_connected:  # otherwise the client would reconnect silently
                raise RedisConnectionError("the subscription is broken")
            self._connection.send_command(*command, check_health=False)
