"""Records as Kafka's client polls them."""

from typing import Any

from lanes import tracing
from lanes.kafka.topic_settings import LOG_APPEND_TIME
from lanes.record import RawRecord
from lanes.time import from_epoch_ms
from lanes.topic import REPLAY_COUNT_HEADER, WRITTEN_AT_HEADER
from lanes.tracing import TRACEPARENT

OWN_HEADERS = frozenset({REPLAY_COUNT_HEADER, WRITTEN_AT_HEADER, TRACEPARENT})
REPLAYS_MAX = 9_999  # no record is replayed more often; a header may have any number
NUMBER_BYTES_MAX = 15  # of a header: milliseconds since 1970 have 13


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
        traceparent=tracing.extract(polled.headers) if polled.headers else None,
        headers=[one for one in polled.headers if one[0] not in OWN_HEADERS],
    )


def _number(header: bytes | None) -> int | None:
    """Return the number in a header; None for anything else, because any producer may have written
    it."""
    if header is None or not header.isdigit() or len(header) > NUMBER_BYTES_MAX:
        return None
    return int(header)
