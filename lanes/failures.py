"""What to do after a failed settle, by its error and the records it had read. Pure.

A record becomes a dead letter only after it failed alone, or after a whole task met nothing but
conflicts on it; outages are never counted.
"""

from collections.abc import Collection, Sequence
from enum import Enum, auto

from lanes.errors import (
    FutureVersionError,
    OutageError,
    RetryLater,
    UnknownLaneError,
    UnusableDatabaseError,
    VersionConflictError,
    WorkerDiedError,
)
from lanes.record import InboxRecord

ISOLATE_AFTER = 2  # failed settles, then one record at a time


class FailureAction(Enum):
    """What to do after a failed settle."""

    CONFLICT = auto()  # another worker settles the lane: again, a few times
    DELAY = auto()  # the handler raised RetryLater: again after a while, without counting
    WAIT = auto()  # a store is away, or the lane itself cannot be read: again, without counting
    COUNT = auto()  # one of the records is at fault: count it, and again
    SINGLE_OUT = auto()  # the newer code will settle one of them: settle those before it
    DEAD_LETTER = auto()  # the one record read is at fault, or all of them are
    PARK = auto()  # the one record read waits for newer code


def action_for(error: Exception, records: Sequence[InboxRecord]) -> FailureAction:
    """Return what to do after settling `records` raised `error`."""
    if isinstance(error, VersionConflictError):
        return FailureAction.CONFLICT
    if isinstance(error, RetryLater):
        return FailureAction.DELAY
    if isinstance(error, UnknownLaneError | WorkerDiedError):
        return FailureAction.DEAD_LETTER
    if isinstance(error, OutageError | UnusableDatabaseError) or not records:
        return FailureAction.WAIT
    if isinstance(error, FutureVersionError):
        return FailureAction.PARK if len(records) == 1 else FailureAction.SINGLE_OUT
    return FailureAction.DEAD_LETTER if is_isolated(records) else FailureAction.COUNT


def is_isolated(records: Sequence[InboxRecord]) -> bool:
    """Return whether the failure is that of a single record that has failed often enough before."""
    return len(records) == 1 and records[0].attempts >= ISOLATE_AFTER


def to_settle(waiting: Sequence[InboxRecord]) -> Sequence[InboxRecord]:
    """Return those of the waiting records, oldest first, to settle together: one, while one is
    suspect."""
    is_suspect = any(record.attempts >= ISOLATE_AFTER for record in waiting)
    return waiting[:1] if is_suspect else waiting


def still_conflicting(before: Collection[int] | None, offsets: Collection[int]) -> frozenset[int]:
    """Return the offsets on which every attempt of a task has met a conflict; `before` is None at
    the first."""
    return frozenset(offsets if before is None else set(before) & set(offsets))
