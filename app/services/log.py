"""The log as the services see it: append a record, learn where it lies."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from app.domain.errors import DomainError, UnknownFateError
from app.protocol.topics import Topic


class Appended(Struct, frozen=True):  # made for every bid: a dataclass takes five times as long
    """Where a record lies, and the broker's append time."""

    partition: int
    offset: int
    log_time: datetime


class RecordTooLargeError(DomainError):
    """The log does not take a record of this size: nothing was appended."""

    def __init__(self, detail: str = "") -> None:
        super().__init__("TOO_LARGE", detail)


OnAppended = Callable[[Appended | UnknownFateError], None]


class Log(Protocol):
    """Appends to topics; records with the same key keep their order."""

    def append_soon(self, topic: Topic, *, key: int, value: bytes, done: OnAppended) -> None:
        """Append without waiting. Raises BusyError, then nothing was appended."""

    def append(self, topic: Topic, *, key: int, value: bytes) -> Appended:
        """Append and wait. Raises BusyError or UnknownFateError."""
        ...
