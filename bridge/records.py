"""A Kafka record as all consumers see it, and its dead letter."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.adapters.kafka.topic_settings import LOG_APPEND_TIME
from app.domain.time import from_epoch_ms
from app.observability.tracing import extract
from app.protocol.topics import REPLAY_COUNT_HEADER, WRITTEN_AT_HEADER
from app.services.lanes import BadRecordError, DeadLetter

REPLAYS_MAX = 9_999  # nobody replays more often; a header may say anything
NUMBER_BYTES_MAX = 15  # of a header: milliseconds since 1970 have 13
MESSAGE_CHARACTERS_MAX = 500


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One record of a partition, not decoded.

    `log_time` is the broker's append time, unless `is_stamped_by_broker` is false: then it is the
    producer's. `written_at_ms` is when the transaction that wrote it began, in milliseconds since
    1970; None when it did not come from the outbox. `traceparent` holds the contexts of the sampled
    traces it belongs to.
    """

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    log_time: datetime
    replays: int = 0
    is_stamped_by_broker: bool = True
    written_at_ms: int | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why `group` rejects a record; `trace_id` is the id by which logs follow it."""

    group: str
    reason: str
    error: Exception
    trace_id: str | None = None


def raw_record(polled: Any) -> RawRecord:  # noqa: ANN401 - kafka-python has no types
    """Return a record as polled."""
    headers = dict(polled.headers) if polled.headers else {}
    return RawRecord(
        topic=polled.topic,
        partition=polled.partition,
        offset=polled.offset,
        key=polled.key,
        value=polled.value,
        log_time=from_epoch_ms(polled.timestamp),
        replays=min(_number(headers.get(REPLAY_COUNT_HEADER)) or 0, REPLAYS_MAX),
        is_stamped_by_broker=polled.timestamp_type == LOG_APPEND_TIME,
        written_at_ms=_number(headers.get(WRITTEN_AT_HEADER)),
        traceparent=extract(polled.headers) if polled.headers else None,
    )


def _number(header: bytes | None) -> int | None:
    """Return the number in a header; None for anything else, because any producer may have written
    it."""
    if header is None or not header.isdigit() or len(header) > NUMBER_BYTES_MAX:
        return None
    return int(header)


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
    )
