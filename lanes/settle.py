"""The settle loop: the waiting records of lanes, in order, one transaction a batch.

Guarantees: what is settled is removed from the inbox in the same transaction; two workers on one
lane cannot both succeed, because the handler's guard and the exact count of removed rows each
make the second one roll back. Lanes of one task share their transactions, whose price is the same
for one lane and for eight; after a failure each is settled alone. A record that cannot be settled
is isolated and given up, and the rest of its lane goes on, also when it kills its worker
(lanes/claims.py); when too many are given up, the lane is parked.
"""

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Generic, Never

import structlog

from lanes import metrics, tracing
from lanes.claims import LateLanes
from lanes.dead_letter import FUTURE_VERSION, HANDLER_ERROR, VERSION_CONFLICT, WORKER_DIED, Parking
from lanes.dead_letter_writer import Cause, DeadLetterWriter
from lanes.errors import (
    BadRecordError,
    LanesError,
    RetryLater,
    VersionConflictError,
    WorkerDiedError,
)
from lanes.failures import FailureAction, action_for, to_settle
from lanes.handler import LaneTopic, Settlement
from lanes.ports import Begin, Claims, DeadLetters, Lanes, T
from lanes.record import InboxRecord, RecordsByKey
from lanes.settings import LaneLimits
from lanes.tracing import Stage
from lanes.wake import Lane, Waker

log = structlog.get_logger()


class ContendedError(LanesError):
    """Another worker settles the lane; `offsets` are those of the records that were read."""

    def __init__(self, offsets: Collection[int]) -> None:
        super().__init__(f"{len(offsets)} records")
        self.offsets = frozenset(offsets)


class FailedSettleError(LanesError):
    """Settling `records` raised `error`; nothing was committed."""

    def __init__(self, records: Sequence[InboxRecord], error: Exception) -> None:
        super().__init__(type(error).__name__)
        self.records, self.error = records, error


@dataclass(frozen=True, slots=True)
class LaneSettler(Generic[T]):
    """Settles the lanes of any topic.

    `again` queues lanes with more work than one turn, `busy` those that another worker settles:
    records that arrived after that worker's read need a wake-up. `wake_after` wakes lanes after
    so many seconds.
    """

    begin: Begin[T]
    lanes: Lanes[T]
    late_lanes: LateLanes[T]
    dead_letter_writer: DeadLetterWriter[T]
    batch_max: int
    turn_s: float
    again: Callable[[Iterable[Lane]], None]
    busy: Callable[[Iterable[Lane]], None]
    wake_after: Callable[[Iterable[Lane], float], None]

    def settle_together(self, lane: LaneTopic[T], keys: Sequence[str]) -> Sequence[str]:
        """Settle the records of several lanes in common transactions, for at most `turn_s` seconds.

        Return the lanes that are to be settled alone: those of the first transaction that failed,
        because one of them is at fault, and those of which a worker may have died. One lane is
        always returned, because it is alone already.
        """
        ends = time.monotonic() + self.turn_s
        suspects: list[str] = []
        while len(keys) > 1:
            if time.monotonic() > ends:
                self.again(_lanes(lane, keys))
                return suspects
            try:
                keys, found = self._batch(lane, keys, self.batch_max)
                suspects += found
            except FailedSettleError as failed:
                log.info(
                    "lanes_separated",
                    topic=lane.topic.name,
                    lanes=len(keys),
                    error=type(failed.error).__name__,
                )
                break
        return [*keys, *suspects]

    def settle(self, lane: LaneTopic[T], key: str) -> None:
        """Settle the lane's records, for at most `turn_s` seconds.

        Raise ContendedError when another worker settles it at the same time, OutageError when the
        store is away, and what loading the lane raised: then its records are not at fault.
        """
        ends, size = time.monotonic() + self.turn_s, self.batch_max
        keys: Sequence[str] = [key]
        while keys and size:
            if time.monotonic() > ends:
                self.again(_lanes(lane, keys))
                return
            try:
                keys, _ = self._batch(lane, keys, size)
            except FailedSettleError as failed:
                size = self._handle_failure(lane, key, failed, size)

    def give_up(
        self, lane: LaneTopic[T], key: str, offsets: Collection[int], *, attempts: int
    ) -> None:
        """Write dead letters for those of the records that still wait, after nothing but
        conflicts."""
        error = VersionConflictError(f"{lane.topic.name}/{key}")
        self.dead_letter_writer.add(lane, key, offsets, Cause(VERSION_CONFLICT, error, attempts))

    def _batch(
        self, lane: LaneTopic[T], keys: Sequence[str], size: int
    ) -> tuple[Sequence[str], Sequence[str]]:
        """Settle up to `size` records, a share of each lane; return the lanes in which more may
        wait, and those that are left to be settled alone. Raise FailedSettleError."""
        topic, limit = lane.topic.name, max(1, size // len(keys))
        batches: RecordsByKey = {}
        late: RecordsByKey = {}
        suspects: Sequence[str] = ()
        settlements: Sequence[Settlement] = ()
        records: Sequence[InboxRecord] = ()
        started_at = time.perf_counter()
        try:
            with ExitStack() as stack:
                spans = {
                    key: stack.enter_context(tracing.spans(Stage.SETTLE, key=key)) for key in keys
                }
                transaction = stack.enter_context(self.begin())
                waiting = self.lanes.claim(transaction, topic=topic, keys=keys, limit=limit)
                batches = {key: to_settle(ones) for key, ones in waiting.items() if ones}
                late = self.late_lanes.of(batches)
                if late:
                    late, suspects = self._claim(topic, late, is_alone=len(keys) == 1)
                    batches = {**batches, **late}
                batches = {
                    key: spans[key].continue_traces(ones)
                    for key, ones in batches.items()
                    if key not in suspects
                }
                if batches:
                    state = lane.handler.load(transaction, batches)
                    # Only what comes from now on may be their fault.
                    records = [record for batch in batches.values() for record in batch]
                    settlements = lane.handler.settle(transaction, state, batches)
                    messages = [
                        message
                        for key, settlement in zip(batches, settlements, strict=True)
                        for message in spans[key].inject(settlement.messages)
                    ]
                    if late:
                        self.late_lanes.clear(transaction, topic, late)
                    self.lanes.settle(transaction, records, messages)
        except FailedSettleError:
            raise
        except Exception as error:
            if late:
                self.late_lanes.release(topic, late)
            raise FailedSettleError(records, error) from error
        seconds = time.perf_counter() - started_at
        for batch, settlement in zip(batches.values(), settlements, strict=True):
            _finish(batch, settlement, seconds=seconds)
        if len(waiting) < len(keys):
            self.busy(_lanes(lane, [key for key in keys if key not in waiting]))
        more = [
            key
            for key, batch in batches.items()
            if len(waiting[key]) == limit or len(batch) < len(waiting[key])
        ]
        return more, suspects

    def _claim(
        self, topic: str, late: RecordsByKey, *, is_alone: bool
    ) -> tuple[RecordsByKey, Sequence[str]]:
        """Claim late lanes; return what of them may be settled now, and the lanes that must be
        settled alone. Raise FailedSettleError for a record that must not be settled again."""
        if not is_alone:
            ours = self.late_lanes.claim_together(topic, late)
            return (
                {key: batch for key, batch in late.items() if key in ours},
                [key for key in late if key not in ours],
            )
        ((key, batch),) = late.items()
        try:
            return {key: self.late_lanes.claim(topic, key, batch)}, ()
        except WorkerDiedError as error:
            raise FailedSettleError(batch[:1], error) from error

    def _handle_failure(
        self, lane: LaneTopic[T], key: str, failed: FailedSettleError, size: int
    ) -> int:
        """Act on the failure; return how many records to try next, none when they must wait."""
        records, error = failed.records, failed.error
        offsets = [record.offset for record in records]
        match action_for(error, records):
            case FailureAction.CONFLICT:
                raise ContendedError(offsets) from error
            case FailureAction.DELAY:
                self._delay(lane, key, error)
                return 0
            case FailureAction.WAIT:
                raise error
            case FailureAction.COUNT:
                self._count(records, error)
            case FailureAction.SINGLE_OUT:
                return 1
            case FailureAction.DEAD_LETTER:
                self._reject(lane, key, records, error)
            case FailureAction.PARK:
                self.dead_letter_writer.park(lane, key, Parking(FUTURE_VERSION, str(error)))
        return size

    def _reject(
        self, lane: LaneTopic[T], key: str, records: Sequence[InboxRecord], error: Exception
    ) -> None:
        """Write dead letters for the records; for all that wait when none could be read."""
        topic, offsets = lane.topic.name, [record.offset for record in records]
        if isinstance(error, WorkerDiedError):
            cause = Cause(WORKER_DIED, error, error.crashes)
            # Its claim is still held: one crash more means that `fail` kills workers, too.
            notify = error.crashes <= self.late_lanes.crashes_max
        else:
            reason = error.reason if isinstance(error, BadRecordError) else HANDLER_ERROR
            cause, notify = Cause(reason, error), True
        late = self.late_lanes.of({key: records} if records else {})
        try:
            self.dead_letter_writer.add(lane, key, offsets or None, cause, notify=notify)
        except Exception:
            self.late_lanes.release(topic, late)
            raise
        if late:
            self.late_lanes.clear_rejected(topic, late)

    def _delay(self, lane: LaneTopic[T], key: str, error: Exception) -> None:
        if isinstance(error, RetryLater):
            log.info("settle_delayed", topic=lane.topic.name, key=key, after_s=error.after_s)
            self.wake_after(_lanes(lane, [key]), error.after_s)

    def _count(self, records: Sequence[InboxRecord], error: Exception) -> None:
        with self.begin() as transaction:
            self.lanes.count_failure(transaction, records)
        first = records[0]
        metrics.FAILED_SETTLES.labels(first.topic).inc()
        log.warning(
            "settle_failed",
            topic=first.topic,
            key=first.key,
            records=len(records),
            attempts=first.attempts + 1,
            exc_info=error,
        )


def make_settler(
    *,
    begin: Begin[T],
    lanes: Lanes[T],
    claims: Claims[T],
    dead_letters: DeadLetters[T],
    waker: Waker,
    limits: LaneLimits,
    clock: Callable[[], float] = time.time,
) -> LaneSettler[T]:
    """Return a settler on these stores, which puts unfinished and busy lanes off by `waker`.

    `clock` is that of the store, in seconds since 1970.
    """
    dead_letter_writer = DeadLetterWriter(
        begin=begin,
        lanes=lanes,
        dead_letters=dead_letters,
        dead_letter_limit=limits.dead_letter_limit,
        batch_max=limits.settle_batch_max,
    )
    return LaneSettler(
        begin=begin,
        lanes=lanes,
        late_lanes=LateLanes(
            begin=begin,
            claims=claims,
            after_s=limits.claim_after_s,
            crashes_max=limits.crashes_max,
            clock=clock,
        ),
        dead_letter_writer=dead_letter_writer,
        batch_max=limits.settle_batch_max,
        turn_s=limits.settle_round_s,
        again=waker.enqueue,
        busy=waker.wake_later,
        wake_after=waker.wake_after,
    )


def _lanes(lane: LaneTopic[Never], keys: Iterable[str]) -> list[Lane]:
    return [(lane.topic.name, key) for key in keys]


def _finish(records: Sequence[InboxRecord], settlement: Settlement, *, seconds: float) -> None:
    """Run `after_commit`, and log and measure the settle of a lane."""
    if settlement.after_commit is not None:
        settlement.after_commit()
    first, last = records[0], records[-1]
    now = time.time()
    waited_s = now - first.log_time.timestamp()
    metrics.SETTLED.labels(first.topic).inc(len(records))
    metrics.SETTLED_BATCH.labels(first.topic).observe(len(records))
    metrics.SETTLE_SECONDS.labels(first.topic).observe(seconds)
    metrics.WAIT_SECONDS.labels(first.topic).observe(max(0.0, waited_s))
    if first.ingested_at_s is not None:
        metrics.INBOX_SECONDS.labels(first.topic).observe(max(0.0, now - first.ingested_at_s))
    log.info(
        "settled",
        topic=first.topic,
        key=first.key,
        records=len(records),
        first_offset=first.offset,
        last_offset=last.offset,
    )
