"""The port to Kafka: append a record, and get its position."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from app.domain.errors import UnknownFateError
from lanes import Topic


class RecordMetadata(
    Struct, frozen=True
):  # made for every bid: a dataclass takes five times as long
    """The position of a record and the broker's append time."""

    partition: int
    offset: int
    log_time: datetime


OnAcknowledged = Callable[[RecordMetadata | UnknownFateError], None]


class Log(Protocol):
    """Appends to topics; records with the same key keep their order."""

    def check(self, topic: Topic) -> None:
        """Raise BusyError while nothing more of the topic is taken."""

    def append_soon(self, topic: Topic, *, key: int, value: bytes, done: OnAcknowledged) -> None:
        """Append without waiting. Raise BusyError when the record was not appended."""

    def append(self, topic: Topic, *, key: int, value: bytes) -> RecordMetadata:
        """Append and wait. Raise BusyError (not appended) or UnknownFateError."""
        ...
