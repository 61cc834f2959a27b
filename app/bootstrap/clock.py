"""The wall clock, for everything that decides nothing."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the current time."""
    return datetime.now(UTC)
