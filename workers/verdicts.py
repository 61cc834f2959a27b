"""What a failed settle means for the records it had read. Pure: it looks at nothing else.

Guarantees, whatever fails how often: a record is given up only after it failed alone, or after a
whole task met nothing but conflicts on it; what is nobody's fault is never counted.
"""

from collections.abc import Collection, Sequence
from enum import Enum, auto

from app.domain.errors import OlderDatabaseError
from app.services.lanes import (
    FutureVersionError,
    InboxRecord,
    OutageError,
    UnknownLaneError,
    VersionConflictError,
)

ISOLATE_AFTER = 2  # failed settles, then one record at a time


class Verdict(Enum):
    """What to do after a failed settle."""

    CONFLICT = auto()  # somebody else settles the lane: again, a few times
    WAIT = auto()  # a store is away, or the lane itself cannot be read: again, without counting
    COUNT = auto()  # one of the records is at fault: count it, and again
    SINGLE_OUT = auto()  # the newer code will settle one of them: go on up to it
    DEAD_LETTER = auto()  # the one record read is at fault, or all of them are
    PARK = auto()  # the one record read waits for newer code


def verdict(error: Exception, records: Sequence[InboxRecord]) -> Verdict:
    """What `error`, raised by settling `records`, means for them."""
    if isinstance(error, VersionConflictError):
        return Verdict.CONFLICT
    if isinstance(error, UnknownLaneError):
        return Verdict.DEAD_LETTER
    if isinstance(error, OutageError | OlderDatabaseError) or not records:
        return Verdict.WAIT
    if isinstance(error, FutureVersionError):
        return Verdict.PARK if len(records) == 1 else Verdict.SINGLE_OUT
    return Verdict.DEAD_LETTER if is_alone(records) else Verdict.COUNT


def is_alone(records: Sequence[InboxRecord]) -> bool:
    """Whether a failure of these is the fault of one that has failed often enough before."""
    return len(records) == 1 and records[0].attempts >= ISOLATE_AFTER


def to_settle(waiting: Sequence[InboxRecord]) -> Sequence[InboxRecord]:
    """Of the records read, oldest first, those to settle together: one, while one is suspect."""
    is_suspect = any(record.attempts >= ISOLATE_AFTER for record in waiting)
    return waiting[:1] if is_suspect else waiting


def still_stuck(before: Collection[int] | None, offsets: Collection[int]) -> frozenset[int]:
    """The offsets that a task has met conflicts on in every attempt; None: this is the first."""
    return frozenset(offsets if before is None else set(before) & set(offsets))
