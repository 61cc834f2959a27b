"""When a client that gets BUSY or RATE_LIMITED may retry."""

import math
import random

from app.domain.errors import BusyError, DomainError, RateLimitedError


def retry_after_ms(error: DomainError) -> int | None:
    """Return the milliseconds until a retry is useful; None: never.

    From half to one and a half of what the error says, so that clients do not all return at once;
    for a limit of a single caller exactly what it says.
    """
    if isinstance(error, RateLimitedError):
        return math.ceil(error.retry_after_s * 1_000)
    if not isinstance(error, BusyError):
        return None
    return round(error.retry_after_s * random.uniform(500, 1_500))  # noqa: S311 - only spreads load
