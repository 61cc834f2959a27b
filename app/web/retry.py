"""When a client that is told BUSY or RATE_LIMITED may come back."""

import math
import random

from app.domain.errors import BusyError, DomainError, RateLimitedError


def retry_after_ms(error: DomainError) -> int | None:
    """Milliseconds until the same call is worth a try; None: it never is.

    From half to one and a half of what the error says, so that not all come back at once; of what
    one caller has used up, exactly what it says.
    """
    if isinstance(error, RateLimitedError):
        return math.ceil(error.retry_after_s * 1_000)
    if not isinstance(error, BusyError):
        return None
    return round(error.retry_after_s * random.uniform(500, 1_500))  # noqa: S311 - only spreads load
