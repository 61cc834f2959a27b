"""Finds the record that kills its worker's process, by claims that outlive the worker.

A lane that has waited for long may be one whose workers die. So its claim is written, and committed
by itself, before it is settled; the settle's own transaction removes it. Who finds a claim of the
same records again knows that a worker died of them: from then on the lane is settled one record at
a time, up to the last of those records, and the one that alone has killed too many workers becomes
a dead letter. Lanes that do not wait long cost nothing.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Generic

import structlog

from lanes.errors import OutageError, UnusableDatabaseError, WorkerDiedError
from lanes.ports import Begin, Claims, T
from lanes.record import InboxRecord, RecordsByKey

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class LateLanes(Generic[T]):
    """Claims lanes whose oldest record is older than `after_s`, by `clock`, in seconds since 1970.

    A record that alone has killed `crashes_max` workers is not settled again. `_unreleased` are
    claims, by topic and key their first offset, that could not be released when a settle failed.
    """

    begin: Begin[T]
    claims: Claims[T]
    after_s: float
    crashes_max: int
    clock: Callable[[], float]
    _unreleased: dict[tuple[str, str], int] = field(default_factory=dict)

    def of(self, batches: RecordsByKey) -> RecordsByKey:
        """Return those of the batches, none of them empty, whose lanes are late."""
        before = self.clock() - self.after_s
        return {key: batch for key, batch in batches.items() if _came_at(batch[0]) < before}

    def claim_together(self, topic: str, late: RecordsByKey) -> set[str]:
        """Claim those lanes that have no claim yet, and return their keys.

        The others are suspects: perhaps a worker died of them.
        """
        with self._begin() as transaction:
            ranges = {key: (batch[0].offset, batch[-1].offset) for key, batch in late.items()}
            return self.claims.write(transaction, topic=topic, ranges=ranges)

    def claim(self, topic: str, key: str, batch: Sequence[InboxRecord]) -> Sequence[InboxRecord]:
        """Claim a lane, and return what of the batch may be settled now.

        Raise WorkerDiedError when nothing may, because of the first record.
        """
        first, last = batch[0].offset, batch[-1].offset
        with self._begin() as transaction:
            found = self.claims.write_again(
                transaction, topic=topic, key=key, first=first, last=last
            )
        if found.crashes:
            log.warning("worker_died", topic=topic, key=key, offset=first, crashes=found.crashes)
        if found.crashes >= self.crashes_max:
            raise WorkerDiedError(found.crashes)
        return batch[:1] if found.is_isolated else batch

    def clear(self, transaction: T, topic: str, late: RecordsByKey) -> None:
        """Remove the claims of these batches, which the transaction settles; those of more records
        stay."""
        ends = {key: batch[-1].offset for key, batch in late.items()}
        self.claims.clear(transaction, topic=topic, ends=ends)

    def clear_rejected(self, topic: str, late: RecordsByKey) -> None:
        """Remove the claims of these batches, which are dead letters now, or wait in a parked
        lane."""
        with suppress(OutageError, UnusableDatabaseError), self._begin() as transaction:
            self.clear(transaction, topic, late)

    def release(self, topic: str, late: RecordsByKey) -> None:
        """Note that settling these batches failed, and that no worker died.

        When the store is away, the next claim of this process does it.
        """
        for key, batch in late.items():
            self._unreleased[topic, key] = batch[0].offset
        with suppress(OutageError, UnusableDatabaseError), self._begin():
            pass

    @contextmanager
    def _begin(self) -> Iterator[T]:
        """Begin a transaction that releases first what could not be released before."""
        unreleased = dict(self._unreleased)
        with self.begin() as transaction:
            if unreleased:
                self.claims.release(transaction, unreleased)
            yield transaction
        for lane, first in unreleased.items():
            if self._unreleased.get(lane) == first:
                del self._unreleased[lane]


def _came_at(record: InboxRecord) -> float:
    return math.inf if record.ingested_at_s is None else record.ingested_at_s
