"""The clock of what does not decide."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The wall clock, for everything that does not decide."""
    return datetime.now(UTC)
