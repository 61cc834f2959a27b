"""What everyone who gives records up shares: reasons, how many may be, and what is said of it.

A few bad records are dead letters; when everything fails, it is the code that is at fault, and the
rest waits, parked, for a person.
"""

from dataclasses import dataclass

import structlog

from app.observability import metrics
from app.protocol.topics import DEAD_LETTER_SUFFIX
from app.services.lanes import DeadLetter, Parking

# Why a record is a dead letter: it comes out of the log like that …
NO_KEY, BAD_UTF8, TOO_LARGE, NO_LOG_TIME = "NoKey", "BadUtf8", "TooLarge", "NoLogTime"
KEY_MISMATCH, UNDECODABLE, BAD_IDENTITY = "KeyMismatch", "Undecodable", "BadIdentity"
# … or nothing can be made of it.
UNKNOWN_AUCTION, UNKNOWN_USER = "UnknownAuction", "UnknownUser"
VERSION_CONFLICT = "VersionConflict"
HANDLER_ERROR = "HandlerError"
REASONS = (
    NO_KEY, BAD_UTF8, TOO_LARGE, NO_LOG_TIME, KEY_MISMATCH, UNDECODABLE, BAD_IDENTITY,
    UNKNOWN_AUCTION, UNKNOWN_USER, VERSION_CONFLICT, HANDLER_ERROR,
)  # fmt: skip
# Why a lane or a partition is parked, unless a person did it.
FUTURE_VERSION, TOO_MANY = "FutureVersion", "TooManyDeadLetters"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class DeadLetterLimit:
    """How many records of a lane, and of a partition, may be given up within `window_s`."""

    per_lane: int
    per_partition: int
    window_s: float

    def quota(self, recent: tuple[int, int]) -> int:
        """How many more there may be, when so many of lane and partition were given up lately."""
        of_lane, of_partition = recent
        return max(0, min(self.per_lane - of_lane, self.per_partition - of_partition))

    def partition_quota(self, recent: tuple[int, int]) -> int:
        """The same for who parks whole partitions: one bad lane is not held against the others."""
        return max(0, self.per_partition - recent[1])


def log_dead_letter(letter: DeadLetter) -> None:
    """Say that a record was given up; to be called after the commit."""
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
    """Say that a lane (`key`) or a partition (`partition`, `group`) was parked."""
    metrics.PARKED.labels(topic).inc()
    log.error("parked", topic=topic, reason=parking.reason, message=parking.message, **what)
