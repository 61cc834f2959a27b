"""What all writers of dead letters share: the reasons, the limit, and the log lines.

A few bad records become dead letters; when everything fails, the code is at fault, and the rest
waits in a parked lane or partition for an operator.
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
# Why a lane or a partition is parked, unless an operator did it.
FUTURE_VERSION, TOO_MANY = "FutureVersion", "TooManyDeadLetters"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class DeadLetterLimit:
    """How many dead letters a lane and a partition may have within `window_s` seconds."""

    per_lane: int
    per_partition: int
    window_s: float

    def quota(self, recent: tuple[int, int]) -> int:
        """Return how many more dead letters are allowed after `recent` ones of lane and
        partition."""
        of_lane, of_partition = recent
        return max(0, min(self.per_lane - of_lane, self.per_partition - of_partition))

    def partition_quota(self, recent: tuple[int, int]) -> int:
        """As `quota`, for consumers that park whole partitions: the limit per lane does not
        apply."""
        return max(0, self.per_partition - recent[1])


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
