"""Times of the domain: aware UTC datetimes, and their text in the decision log and on the wire.

Kafka's milliseconds since 1970 are converted by `lanes`.
"""

from datetime import UTC, datetime
from functools import lru_cache

_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@lru_cache(maxsize=4096)  # an auction's end is written with every one of its bids
def rfc3339(moment: datetime) -> str:
    """`2026-11-23T12:00:00.123Z`: UTC, exactly three decimals, truncated (wire.md).

    Raises ValueError for a naive datetime, which has no place in this code.
    """
    return _in_utc(moment).isoformat(timespec="milliseconds")[:-6] + "Z"


def whole_ms(moment: datetime) -> datetime:
    """`moment` in UTC without what is finer than a millisecond, as log times are.

    What lies in year 0 or 10000 of UTC becomes the first or the last moment there is.
    """
    moment = _in_utc(moment)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is UTC:
        return moment
    if moment.tzinfo is None:
        raise ValueError("a datetime without a time zone")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return _FIRST if moment.year == 1 else _LAST
