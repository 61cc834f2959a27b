"""Giving records of a lane up: out of the lane and into the dead letters, in one transaction.

Guarantees: whoever waits for such a record is told that it failed, by the same transaction; a
record that somebody settled meanwhile is left alone; of a lane, or a partition, in which too many
are given up in a short time the rest is kept, and the lane parked: then it is the code that is at
fault, and not the records.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import structlog

from app.domain.errors import OlderDatabaseError
from app.observability import tracing
from app.observability.tracing import Stage
from app.services.dead_letter_limits import TOO_MANY, DeadLetterLimit, log_dead_letter, log_parked
from app.services.lanes import (
    Begin,
    DeadLetter,
    DeadLetters,
    InboxRecord,
    Lanes,
    LaneTopic,
    OutageError,
    OutboxMessage,
    Parking,
    VersionConflictError,
)
from app.services.transactions import Transaction

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Cause:
    """Why records are given up; `attempts` if they were not counted one by one."""

    reason: str
    error: Exception
    attempts: int | None = None


@dataclass(frozen=True, slots=True)
class Undertaker:
    """Buries records, `batch_max` at a time, and parks lanes."""

    begin: Begin
    lanes: Lanes
    dead_letters: DeadLetters
    dead_letter_limit: DeadLetterLimit
    batch_max: int

    def add(self, lane: LaneTopic, key: str, offsets: Collection[int] | None, cause: Cause) -> None:
        """Give up those of the records at `offsets` that wait still; None: the oldest ones.

        Raises OutageError. When somebody settles them at the same time, nothing is done.
        """
        try:
            self._bury(lane, key, offsets, cause, tell=True)
        except VersionConflictError:
            log.info("burial_overtaken", topic=lane.topic.name, key=key)
        except (OutageError, OlderDatabaseError):
            raise
        except Exception:
            # What makes a record fail may also keep its bidder from being told.
            log.exception("failure_not_told", topic=lane.topic.name, key=key)
            self._bury(lane, key, offsets, cause, tell=False)

    def park(self, lane: LaneTopic, key: str, parking: Parking) -> None:
        """Settle nothing of the lane until a person frees it."""
        with self.begin() as transaction:
            is_new = self.lanes.park(transaction, topic=lane.topic.name, key=key, parking=parking)
        if is_new:
            log_parked(lane.topic.name, parking, key=key)

    def _bury(
        self,
        lane: LaneTopic,
        key: str,
        offsets: Collection[int] | None,
        cause: Cause,
        *,
        tell: bool,
    ) -> None:
        parking = Parking(TOO_MANY, f"{cause.reason}: {cause.error}")
        with (
            tracing.spans(Stage.DEAD_LETTER, key=key, code=cause.reason) as spans,
            self.begin() as transaction,
        ):
            records = self._waiting(transaction, lane, key, offsets)
            condemned = spans.follow_all(records[: self._room(transaction, records)])
            letters = [_dead_letter(lane, record, cause) for record in condemned]
            is_parked = len(condemned) < len(records) and self.lanes.park(
                transaction, topic=lane.topic.name, key=key, parking=parking
            )
            if condemned:
                told = self._tell(transaction, lane, key, condemned) if tell else ()
                self.lanes.settle(transaction, condemned, spans.stamp(told))
                self.dead_letters.add(transaction, letters)
        for letter in letters:
            log_dead_letter(letter)
        if is_parked:
            log_parked(lane.topic.name, parking, key=key)

    def _waiting(
        self, transaction: Transaction, lane: LaneTopic, key: str, offsets: Collection[int] | None
    ) -> list[InboxRecord]:
        topic = lane.topic.name
        if offsets is None:
            return self.lanes.read(transaction, topic=topic, key=key, limit=self.batch_max)
        return self.lanes.read_those(transaction, topic=topic, key=key, offsets=sorted(offsets))

    def _room(self, transaction: Transaction, records: Sequence[InboxRecord]) -> int:
        if not records:
            return 0
        first = records[0]
        recent = self.dead_letters.count_recent(
            transaction,
            topic=first.topic,
            key=first.key,
            partition=first.partition,
            within_s=self.dead_letter_limit.window_s,
        )
        return self.dead_letter_limit.quota(recent)

    @staticmethod
    def _tell(
        transaction: Transaction, lane: LaneTopic, key: str, records: Sequence[InboxRecord]
    ) -> Sequence[OutboxMessage]:
        return lane.handler.fail(transaction, key, records).messages


def _dead_letter(lane: LaneTopic, record: InboxRecord, cause: Cause) -> DeadLetter:
    """A record of the inbox as a dead letter; the inbox holds nothing but UTF-8."""
    payload = record.payload.encode()
    return DeadLetter(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        raw_key=record.key.encode(),
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
    )
