"""What every record must satisfy to be ingested, whatever its topic.

What the inbox cannot hold must be refused here, or it would stop its partition for ever.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Never

from lanes.dead_letter import BAD_UTF8, NO_KEY, NO_LOG_TIME, TOO_LARGE, UNDECODABLE
from lanes.errors import BadRecordError, FutureVersionError
from lanes.handler import LaneTopic
from lanes.record import InboxRecord, RawRecord
from lanes.text import HEX, as_text, headers_as_text


@dataclass(frozen=True, slots=True)
class Sizes:
    """How long the key and the value of a record may be, in bytes."""

    key_bytes_max: int
    value_bytes_max: int


def checked(raw: RawRecord, lane: LaneTopic[Never], sizes: Sizes) -> InboxRecord:
    """Return the record as a row of the inbox. Raise BadRecordError.

    A record of a newer schema version is ingested: its lane waits for newer code, in order.
    """
    if not raw.is_stamped_by_broker:
        raise BadRecordError(NO_LOG_TIME, "its time is its producer's, which decides nothing")
    key, value = _bounded(raw, sizes)
    inbox_key, payload = _as_text(key, "key", lane), _as_text(value, "value", lane)
    with suppress(FutureVersionError):
        lane.check(inbox_key, value)
    return InboxRecord(
        topic=raw.topic,
        partition=raw.partition,
        offset=raw.offset,
        key=inbox_key,
        payload=payload,
        log_time=raw.log_time,
        replays=raw.replays,
        traceparent=raw.traceparent,
        headers=headers_as_text(raw.headers),
    )


def _bounded(raw: RawRecord, sizes: Sizes) -> tuple[bytes, bytes]:
    key, value = raw.key, raw.value
    if not key:
        raise BadRecordError(NO_KEY, "the record has no key")
    if len(key) > sizes.key_bytes_max:
        raise BadRecordError(TOO_LARGE, f"its key is longer than {sizes.key_bytes_max} bytes")
    if value is None:
        raise BadRecordError(UNDECODABLE, "the record has no value")
    if len(value) > sizes.value_bytes_max:
        raise BadRecordError(TOO_LARGE, f"its value is longer than {sizes.value_bytes_max} bytes")
    return key, value


def _as_text(data: bytes, what: str, lane: LaneTopic[Never]) -> str:
    text = as_text(data)
    if lane.is_text and text.startswith(HEX):
        raise BadRecordError(BAD_UTF8, f"its {what} is not UTF-8 without NUL")
    return text
