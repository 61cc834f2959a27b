"""A dead letter, a parked lane, and the reasons of both."""

from dataclasses import dataclass
from datetime import datetime

import structlog

from lanes import metrics
from lanes.errors import BadRecordError
from lanes.record import RawRecord
from lanes.text import headers_as_text
from lanes.topic import DEAD_LETTER_SUFFIX

MESSAGE_CHARACTERS_MAX = 500

# Why a record is a dead letter: as it comes out of Kafka …
NO_KEY, BAD_UTF8, TOO_LARGE, NO_LOG_TIME = "NoKey", "BadUtf8", "TooLarge", "NoLogTime"
UNDECODABLE = "Undecodable"
# … or by what happened when it was settled. Handlers add reasons of their own.
VERSION_CONFLICT, HANDLER_ERROR = "VersionConflict", "HandlerError"
WORKER_DIED = "WorkerDied"
PLATFORM_REASONS = (
    NO_KEY, BAD_UTF8, TOO_LARGE, NO_LOG_TIME, UNDECODABLE, VERSION_CONFLICT, HANDLER_ERROR,
    WORKER_DIED,
)  # fmt: skip
# The reasons that park a lane instead, if its topic says so.
PARKING_REASONS = (VERSION_CONFLICT, HANDLER_ERROR, WORKER_DIED)
# Why a lane or a partition is parked, unless an operator or one of those did it.
FUTURE_VERSION, TOO_MANY = "FutureVersion", "TooManyDeadLetters"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that cannot be settled, as it was in Kafka.

    `group` rejected it, for `reason` (a word of a closed set); `error_class` and `message` are
    those of the error. `trace_id` is the id by which logs follow it.
    """

    topic: str
    partition: int
    offset: int
    raw_key: bytes | None
    payload: bytes
    log_time: datetime
    group: str
    reason: str
    error_class: str
    message: str
    attempts: int
    first_failed_at: datetime | None
    trace_id: str | None
    replays: int
    headers: str | None = None


@dataclass(frozen=True, slots=True)
class Parking:
    """Why a lane or a partition waits for an operator."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why `group` rejects a record; `trace_id` is the id by which logs follow it."""

    group: str
    reason: str
    error: Exception
    trace_id: str | None = None


def dead_letter(raw: RawRecord, refusal: Refusal) -> DeadLetter:
    """Return the dead letter of a record rejected at the first try."""
    error = refusal.error
    cause = error.__cause__ if isinstance(error, BadRecordError) else None
    return DeadLetter(
        topic=raw.topic,
        partition=raw.partition,
        offset=raw.offset,
        raw_key=raw.key,
        payload=raw.value or b"",
        log_time=raw.log_time,
        group=refusal.group,
        reason=refusal.reason,
        error_class=type(cause or error).__name__,
        message=str(error)[:MESSAGE_CHARACTERS_MAX],
        attempts=1,
        first_failed_at=None,
        trace_id=refusal.trace_id,
        replays=raw.replays,
        headers=headers_as_text(raw.headers),
    )


def log_dead_letter(letter: DeadLetter) -> None:
    """Log and count a dead letter; to be called after the commit."""
    metrics.DEAD_LETTERS.labels(letter.topic, letter.reason).inc()
    log.error(
        "dead_letter",
        topic=letter.topic + DEAD_LETTER_SUFFIX,
        reason=letter.reason,
        partition=letter.partition,
        offset=letter.offset,
        key=None if letter.raw_key is None else letter.raw_key.decode(errors="replace"),
        attempts=letter.attempts,
        error_class=letter.error_class,
        trace_id=letter.trace_id,
    )


def log_parked(topic: str, parking: Parking, **what: object) -> None:
    """Log and count that a lane (`key`) or a partition (`partition`, `group`) was parked."""
    metrics.PARKED.labels(topic).inc()
    log.error("parked", topic=topic, reason=parking.reason, message=parking.message, **what)
