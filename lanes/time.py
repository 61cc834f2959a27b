"""Times: aware UTC datetimes here, milliseconds since 1970 in Kafka."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def rfc3339(moment: datetime) -> str:
    """Return an aware datetime as text in UTC: `2026-11-23T12:00:00.123Z`, truncated."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def from_epoch_ms(milliseconds: int) -> datetime:
    """Return the aware UTC datetime of `milliseconds` since 1970, exact."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def epoch_ms(moment: datetime) -> int:
    """Return the whole milliseconds since 1970 of an aware datetime, rounded down."""
    return (moment - _EPOCH) // _MILLISECOND
