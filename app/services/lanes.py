"""What the task platform asks of those who use it: a topic, a codec, a handler of its lanes.

The platform (bridge and workers) keeps the records of one key in order and settles each once. It
knows no auction; `LaneTopic` is all it is told.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from app.domain.errors import DomainError
from app.protocol.topics import Topic

T_contra = TypeVar("T_contra", contravariant=True)
S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class InboxRecord:
    """A record taken from Kafka and not yet settled; `log_time` is the broker's append time."""

    topic: str
    partition: int
    offset: int
    key: str
    payload: str
    log_time: datetime


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """A message that leaves for Kafka once the transaction that wrote it is committed."""

    topic: str
    key: str
    payload: str


@dataclass(frozen=True, slots=True)
class Settlement:
    """What settling a batch gave: messages to send, and what to do after the commit.

    `after_commit` may be lost with the process: it must only log, or hasten what a sweep does too.
    """

    messages: Sequence[OutboxMessage]
    after_commit: Callable[[], None] | None = None


class LaneHandler(Protocol[T_contra, S]):
    """Decides the records of one lane inside a transaction of the platform's."""

    def load(self, transaction: T_contra, key: str) -> S:
        """The state of the lane, with its version; read before its records are."""

    def settle(self, transaction: T_contra, state: S, records: Sequence[InboxRecord]) -> Settlement:
        """Decide `records`, in log order, onto `state`, and store what came of it.

        Raises VersionConflictError when the state has changed since `load`.
        """


@dataclass(frozen=True, slots=True)
class LaneTopic:
    """A topic whose records the platform settles per key, and who decides them."""

    topic: Topic
    group: str
    queue: str
    check: Callable[[str, bytes], object]
    """Decodes (key, value); raises ValueError for a record nobody will ever understand."""
    handler: LaneHandler[Any, Any]


class VersionConflictError(DomainError):
    """Another worker settled this lane in between: nothing was written; try again."""

    def __init__(self, lane: str) -> None:
        super().__init__("VERSION_CONFLICT", lane)


class UnknownLaneError(DomainError):
    """A record whose key names nothing there is."""

    def __init__(self, lane: str) -> None:
        super().__init__("UNKNOWN_AUCTION", lane)
