"""Times in Kafka are milliseconds since 1970."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from lanes.time import epoch_ms, from_epoch_ms, rfc3339


@pytest.mark.parametrize("ms", [0, 1, 999, 1_795_435_200_123, 4_102_444_799_999])
def test_milliseconds_go_there_and_back(ms: int) -> None:
    assert epoch_ms(from_epoch_ms(ms)) == ms
    assert from_epoch_ms(ms).tzinfo is UTC


def test_a_time_as_text_is_utc_in_whole_milliseconds() -> None:
    seoul = timezone(timedelta(hours=9))
    moment = datetime(2026, 11, 23, 21, 0, 0, 123_999, tzinfo=seoul)
    assert rfc3339(moment) == "2026-11-23T12:00:00.123Z"
