"""Turns records of a lane that cannot be settled into dead letters, or parks the lane.

One transaction moves them from the inbox to the dead letters, and writes the messages of the
handler's `fail` to the outbox. A record that was settled meanwhile is left alone. Above the limit
of dead letters of a lane or a partition the remaining records are kept, and the lane is parked:
then the code is at fault, and not the records. A topic may ask for its lanes to be parked at the
first record that settling fails on.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Generic, Never

import structlog

from lanes import tracing
from lanes.dead_letter import (
    PARKING_REASONS,
    TOO_MANY,
    DeadLetter,
    Parking,
    log_dead_letter,
    log_parked,
)
from lanes.dead_letter_quota import dead_letter_quota
from lanes.errors import OutageError, UnusableDatabaseError, VersionConflictError
from lanes.handler import LaneTopic
from lanes.policy import DeadLetterLimit
from lanes.ports import Begin, DeadLetters, Lanes, T
from lanes.record import InboxRecord, OutboxMessage
from lanes.text import as_bytes
from lanes.tracing import Stage

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Cause:
    """Why records are rejected; `attempts` if they were not counted one by one."""

    reason: str
    error: Exception
    attempts: int | None = None


@dataclass(frozen=True, slots=True)
class DeadLetterWriter(Generic[T]):
    """Writes dead letters, `batch_max` at a time, and parks lanes."""

    begin: Begin[T]
    lanes: Lanes[T]
    dead_letters: DeadLetters[T]
    dead_letter_limit: DeadLetterLimit
    batch_max: int

    def add(
        self,
        lane: LaneTopic[T],
        key: str,
        offsets: Collection[int] | None,
        cause: Cause,
        *,
        notify: bool = True,
    ) -> None:
        """Write dead letters for the waiting records at `offsets`; None: the oldest ones.

        Park the lane instead when `lane.on_poison` says so, and settling them has failed. Call the
        handler's `fail` only if `notify`. When another worker settles them at the same time, do
        nothing. Raise OutageError.
        """
        try:
            self._add(lane, key, offsets, cause, notify=notify)
        except VersionConflictError:
            log.info("dead_letter_overtaken", topic=lane.topic.name, key=key)
        except (OutageError, UnusableDatabaseError):
            raise
        except Exception:
            if not notify:
                raise
            # The cause of a record's failure may also make the notice of its failure fail.
            log.exception("failure_not_notified", topic=lane.topic.name, key=key)
            self._add(lane, key, offsets, cause, notify=False)

    def park(self, lane: LaneTopic[T], key: str, parking: Parking) -> None:
        """Park the lane until an operator unparks it."""
        with self.begin() as transaction:
            is_new = self.lanes.park(transaction, topic=lane.topic.name, key=key, parking=parking)
        if is_new:
            log_parked(lane.topic.name, parking, key=key)

    def _add(
        self,
        lane: LaneTopic[T],
        key: str,
        offsets: Collection[int] | None,
        cause: Cause,
        *,
        notify: bool,
    ) -> None:
        is_kept = lane.on_poison == "park" and cause.reason in PARKING_REASONS
        parking = Parking(cause.reason if is_kept else TOO_MANY, f"{cause.reason}: {cause.error}")
        with (
            tracing.spans(Stage.DEAD_LETTER, key=key, code=cause.reason) as spans,
            self.begin() as transaction,
        ):
            records = self._waiting(transaction, lane, key, offsets)
            rejected = spans.continue_traces(
                [] if is_kept else records[: self._quota(transaction, records)]
            )
            letters = [_dead_letter(lane, record, cause) for record in rejected]
            is_parked = len(rejected) < len(records) and self.lanes.park(
                transaction, topic=lane.topic.name, key=key, parking=parking
            )
            if rejected:
                messages = (
                    self._failure_messages(transaction, lane, key, rejected) if notify else ()
                )
                self.lanes.settle(transaction, rejected, spans.inject(messages))
                self.dead_letters.add(transaction, letters)
        for letter in letters:
            log_dead_letter(letter)
        if is_parked:
            log_parked(lane.topic.name, parking, key=key)

    def _waiting(
        self, transaction: T, lane: LaneTopic[T], key: str, offsets: Collection[int] | None
    ) -> list[InboxRecord]:
        topic = lane.topic.name
        if offsets is None:
            return self.lanes.read(transaction, topic=topic, key=key, limit=self.batch_max)
        return self.lanes.read_those(transaction, topic=topic, key=key, offsets=sorted(offsets))

    def _quota(self, transaction: T, records: Sequence[InboxRecord]) -> int:
        if not records:
            return 0
        first = records[0]
        return dead_letter_quota(
            transaction,
            self.dead_letters,
            self.dead_letter_limit,
            topic=first.topic,
            partition=first.partition,
            key=first.key,
        )

    @staticmethod
    def _failure_messages(
        transaction: T, lane: LaneTopic[T], key: str, records: Sequence[InboxRecord]
    ) -> Sequence[OutboxMessage]:
        return lane.handler.fail(transaction, key, records).messages


def _dead_letter(lane: LaneTopic[Never], record: InboxRecord, cause: Cause) -> DeadLetter:
    """Return the dead letter of a record of the inbox."""
    payload = record.value
    return DeadLetter(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        raw_key=as_bytes(record.key),
        payload=payload,
        log_time=record.log_time,
        group=lane.group,
        reason=cause.reason,
        error_class=type(cause.error).__name__,
        message=str(cause.error),
        attempts=record.attempts + 1 if cause.attempts is None else cause.attempts,
        first_failed_at=record.first_failed_at,
        trace_id=lane.identify(payload),
        replays=record.replays,
        headers=record.headers,
    )
