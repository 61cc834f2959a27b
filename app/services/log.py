"""The log as the services see it: append a record, learn where it lies."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app.domain.errors import UnknownFateError
from app.protocol.topics import Topic


@dataclass(frozen=True, slots=True)
class Appended:
    """Where a record lies, and the broker's append time."""

    partition: int
    offset: int
    log_time: datetime


OnAppended = Callable[[Appended | UnknownFateError], None]


class Log(Protocol):
    """Appends to topics; records with the same key keep their order."""

    def append_soon(self, topic: Topic, *, key: int, value: bytes, done: OnAppended) -> None:
        """Append without waiting. Raises BusyError, then nothing was appended."""

    def append(self, topic: Topic, *, key: int, value: bytes) -> Appended:
        """Append and wait. Raises BusyError or UnknownFateError."""
        ...
