"""How values of a topic become bytes of Kafka, and back: bytes as they are, the rest as JSON."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from lanes.dead_letter import BAD_UTF8, UNDECODABLE
from lanes.errors import BadRecordError
from lanes.record import InboxRecord, OutboxMessage
from lanes.text import HEX, Headers, as_text, headers_as_bytes, headers_as_text


@dataclass(frozen=True, slots=True)
class Record:
    """A record as the function of a topic gets it; `log_time` is the broker's append time.

    `replays` counts how often it was replayed after it had become a dead letter.
    """

    topic: str
    partition: int
    offset: int
    key: str
    value: Any
    headers: Headers
    log_time: datetime
    replays: int


@dataclass(frozen=True, slots=True)
class Message:
    """A message that the function of a topic returns, sent after the commit.

    `value` is bytes, or anything that msgspec writes as JSON: a Struct, a dataclass, a dict.
    """

    topic: str
    key: str
    value: Any
    headers: Headers = ()


class Codec:
    """The values of one topic, of the type `value`: bytes, or what msgspec reads from JSON."""

    def __init__(self, value: Any) -> None:  # noqa: ANN401 - any type
        """Raise TypeError for a type that msgspec cannot read."""
        self._decode: Callable[[bytes], Any] = (
            bytes if value is bytes else msgspec.json.Decoder(value).decode
        )

    def check(self, key: str, value: bytes) -> None:
        """Raise BadRecordError for a key that is not UTF-8 or a value of another type."""
        if key.startswith(HEX):
            raise BadRecordError(BAD_UTF8, "its key is not UTF-8 without NUL")
        self.decode(value)

    def decode(self, value: bytes) -> Any:  # noqa: ANN401 - of the type of the topic's values
        """Return the value. Raise BadRecordError."""
        try:
            return self._decode(value)
        except (ValueError, RecursionError) as error:
            raise BadRecordError(UNDECODABLE, str(error)) from error

    def record(self, waiting: InboxRecord) -> Record:
        """Return a record of the inbox with its decoded value. Raise BadRecordError."""
        return Record(
            waiting.topic,
            waiting.partition,
            waiting.offset,
            waiting.key,
            self.decode(waiting.value),
            headers_as_bytes(waiting.headers),
            waiting.log_time,
            waiting.replays,
        )


def outgoing(message: Message) -> OutboxMessage:
    """Return the message as the outbox has it. Raise TypeError for a value that JSON cannot say."""
    value = message.value
    data = value if isinstance(value, bytes) else msgspec.json.encode(value)
    return OutboxMessage(
        message.topic,
        as_text(message.key.encode()),
        as_text(data),
        headers=headers_as_text(message.headers),
    )
