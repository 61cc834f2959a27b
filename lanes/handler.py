"""What a user of the platform writes: a topic, how its records are checked, and their handler.

The platform keeps the records of one key in order and settles each once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypeVar, get_args

from lanes.audit.ports import LaneAudit
from lanes.audit.results import AuditResults
from lanes.ports import T_contra
from lanes.record import InboxRecord, OutboxMessage, RecordsByKey
from lanes.topic import Topic

S = TypeVar("S")

OnPoison = Literal["dead_letter", "park"]
ON_POISON: tuple[OnPoison, ...] = get_args(OnPoison)


@dataclass(frozen=True, slots=True)
class Settlement:
    """The result of settling records of a lane: messages to send, and a call after the commit.

    `after_commit` may be lost with the process: it must only log, or do early what a sweep does
    too.
    """

    messages: Sequence[OutboxMessage]
    after_commit: Callable[[], None] | None = None


class LaneHandler(Protocol[T_contra, S]):
    """Decides the records of lanes inside a transaction of the platform's.

    A transaction settles one lane or several. When several fail it is rolled back and each is
    settled alone, so an error need not say whose it is. An error of `settle` that is not named
    there is the fault of a record, unless a store is away; one of `load` is not.
    """

    def load(self, transaction: T_contra, lanes: RecordsByKey) -> S:
        """Return the lanes' states, with their versions, and what else settling `lanes` needs.

        Raise UnknownLaneError when a lane does not exist. Any other error is no record's fault: an
        undecodable record is reported by `settle`.
        """

    def settle(self, transaction: T_contra, state: S, lanes: RecordsByKey) -> Sequence[Settlement]:
        """Decide the records of `lanes`, those passed to `load`, each lane's in log order, and
        store the results. Return one settlement a lane, in the order of `lanes`.

        Raise VersionConflictError when a state has changed since `load`, and FutureVersionError
        when a record has a schema version newer than this code. Raise BadRecordError with the
        reason of the dead letter. Raise RetryLater when the records cannot be settled yet.
        """

    def fail(self, transaction: T_contra, key: str, records: Sequence[InboxRecord]) -> Settlement:
        """Store that `records` became dead letters; return the messages for those who wait for
        them.

        Lock the state and raise its version first, so that no worker settles them meanwhile. A lane
        that does not exist, or an undecodable record, causes no message.
        """

    def settled(self, transaction: T_contra, payloads: Sequence[bytes]) -> list[bool]:
        """Return for each of these records whether it has had its effect, at any offset."""


@dataclass(frozen=True, slots=True)
class LaneTopic(Generic[T_contra]):
    """A topic whose records the platform settles per key, and their handler.

    The type argument is the transaction that the handler is given; `LaneTopic[Never]` is a topic of
    which it does not matter.
    """

    topic: Topic
    group: str
    queue: str
    check: Callable[[str, bytes], object]
    """Decodes (key, value). Raises BadRecordError for a record nobody will ever understand;
    FutureVersionError is not its fault: the record is taken."""
    identify: Callable[[bytes], str | None]
    """The id by which logs follow a record; None when it has none or cannot be read."""
    handler: LaneHandler[T_contra, Any]  # which state it loads is its own affair
    audit: Callable[[AuditResults], LaneAudit[T_contra]] | None = None
    """Makes what the owner adds to an audit; without it nobody can say what its settling left."""
    on_poison: OnPoison = "dead_letter"
    """What becomes of a record that settling fails on: a dead letter, after which its lane goes on,
    or the head of a parked lane, in which nothing is skipped."""
    is_text: bool = False
    """Whether keys and values must be UTF-8 without NUL; what is not becomes a dead letter."""
