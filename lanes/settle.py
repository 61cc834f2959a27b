"""The settle loop: a lane's waiting records, in order, one transaction a batch.

Guarantees: what is settled is removed from the inbox in the same transaction; two workers on one
lane cannot both succeed, because the handler's guard and the exact count of removed rows each
make the second one roll back. A record that cannot be settled is isolated and given up, and the
rest of its lane goes on; when too many are given up, the lane is parked.
"""

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import structlog

from lanes import metrics, tracing
from lanes.dead_letter import FUTURE_VERSION, HANDLER_ERROR, VERSION_CONFLICT, Parking
from lanes.dead_letters import Cause, DeadLetterWriter
from lanes.errors import BadRecordError, LaneBusyError, VersionConflictError
from lanes.failures import FailureAction, action_for, to_settle
from lanes.handler import LaneTopic, Settlement
from lanes.ports import Begin, DeadLetters, Lanes
from lanes.record import InboxRecord
from lanes.settings import LaneLimits
from lanes.tracing import Stage
from lanes.wake import Waker

log = structlog.get_logger()


class ContendedError(Exception):
    """Another worker settles the lane; `offsets` are those of the records that were read."""

    def __init__(self, offsets: Collection[int]) -> None:
        super().__init__(f"{len(offsets)} records")
        self.offsets = frozenset(offsets)


class FailedSettleError(Exception):
    """Settling `records` raised `error`; nothing was committed."""

    def __init__(self, records: Sequence[InboxRecord], error: Exception) -> None:
        super().__init__(type(error).__name__)
        self.records, self.error = records, error


@dataclass(frozen=True, slots=True)
class LaneSettler:
    """Settles the lanes of any topic.

    `again` queues a lane with more work than one turn, `busy` one that another worker settles:
    records that arrived after that worker's read need a wake-up.
    """

    begin: Begin
    lanes: Lanes
    dead_letter_writer: DeadLetterWriter
    batch_max: int
    turn_s: float
    again: Callable[[str, str], None]
    busy: Callable[[str, str], None]

    def settle(self, lane: LaneTopic, key: str) -> None:
        """Settle the lane's records, for at most `turn_s` seconds.

        Raise ContendedError when another worker settles it at the same time, OutageError when the
        store is away, and what loading the lane raised: then its records are not at fault.
        """
        ends, size = time.monotonic() + self.turn_s, self.batch_max
        more = True
        while more:
            if time.monotonic() > ends:
                self.again(lane.topic.name, key)
                return
            try:
                more = self._batch(lane, key, size)
            except LaneBusyError:
                self.busy(lane.topic.name, key)
                return
            except FailedSettleError as failed:
                size = self._handle_failure(lane, key, failed, size)

    def give_up(
        self, lane: LaneTopic, key: str, offsets: Collection[int], *, attempts: int
    ) -> None:
        """Write dead letters for those of the records that still wait, after nothing but
        conflicts."""
        error = VersionConflictError(f"{lane.topic.name}/{key}")
        self.dead_letter_writer.add(lane, key, offsets, Cause(VERSION_CONFLICT, error, attempts))

    def _batch(self, lane: LaneTopic, key: str, size: int) -> bool:
        """Settle up to `size` records; return whether more may wait. Raise FailedSettleError."""
        records: Sequence[InboxRecord] = ()
        started_at = time.perf_counter()
        try:
            with tracing.spans(Stage.SETTLE, key=key) as spans, self.begin() as transaction:
                waiting = self.lanes.claim(transaction, topic=lane.topic.name, key=key, limit=size)
                if not waiting:
                    return False
                found = spans.continue_traces(to_settle(waiting))
                state = lane.handler.load(transaction, key, found)
                records = found  # only what comes from now on may be their fault
                settlement = lane.handler.settle(transaction, state, records)
                self.lanes.settle(transaction, records, spans.inject(settlement.messages))
        except LaneBusyError:
            raise
        except Exception as error:
            raise FailedSettleError(records, error) from error
        _finish(records, settlement, seconds=time.perf_counter() - started_at)
        return len(waiting) == size or len(records) < len(waiting)

    def _handle_failure(
        self, lane: LaneTopic, key: str, failed: FailedSettleError, size: int
    ) -> int:
        """Act on the failure; return how many records to try next."""
        records, error = failed.records, failed.error
        offsets = [record.offset for record in records]
        match action_for(error, records):
            case FailureAction.CONFLICT:
                raise ContendedError(offsets) from error
            case FailureAction.WAIT:
                raise error
            case FailureAction.COUNT:
                self._count(records, error)
            case FailureAction.SINGLE_OUT:
                return 1
            case FailureAction.DEAD_LETTER:
                reason = error.reason if isinstance(error, BadRecordError) else HANDLER_ERROR
                self.dead_letter_writer.add(lane, key, offsets or None, Cause(reason, error))
            case FailureAction.PARK:
                self.dead_letter_writer.park(lane, key, Parking(FUTURE_VERSION, str(error)))
        return size

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
    *, begin: Begin, lanes: Lanes, dead_letters: DeadLetters, waker: Waker, limits: LaneLimits
) -> LaneSettler:
    """Return a settler on these stores, which puts unfinished and busy lanes off by `waker`."""
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
        dead_letter_writer=dead_letter_writer,
        batch_max=limits.settle_batch_max,
        turn_s=limits.settle_round_s,
        again=lambda topic, key: waker.enqueue([(topic, key)]),
        busy=lambda topic, key: waker.wake_later([(topic, key)]),
    )


def _finish(records: Sequence[InboxRecord], settlement: Settlement, *, seconds: float) -> None:
    """Run `after_commit`, and log and measure the settle."""
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
