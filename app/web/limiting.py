"""Rate limits per address: counted in Redis, for all gateways together.

A call to Redis costs more than most answers do. So each process counts an address's calls itself
and adds several at once, and an address over its limit is refused without another call.
"""

import math
import time
from collections.abc import Collection

from cachetools import TTLCache
from flask import Flask, Response, g, request
from flask_limiter import Limiter, RateLimitExceeded
from redis import Redis

from app.observability.security_log import SecurityEvent, log_security_seldom
from app.settings import Settings
from app.web.addresses import address_group, is_trusted, request_address
from app.web.metering import endpoint
from app.web.problem import problem

SHARES = 60  # parts of an address's limit; Redis is updated per part, so may lag by one
ADDRESSES_MAX = 10_000  # that are remembered; what is forgotten of one is a share at most
WINDOW_S = 60.0
# The API and calls of providers: the page's own files cost almost nothing.
LIMITED = ("/api/", "/oauth2/", "/login/oauth2/")


class Batches:
    """Counts calls by address group until there are `size` of them."""

    def __init__(self, *, size: int) -> None:
        self._size = size
        self._pending: TTLCache[str, int] = TTLCache(ADDRESSES_MAX, WINDOW_S)

    def add(self, group: str) -> int:
        """Count one call; return how many to add in Redis now, mostly 0."""
        pending = self._pending.get(group, 0) + 1
        self._pending[group] = pending % self._size
        return pending if pending == self._size else 0


def make_limiter(
    app: Flask, settings: Settings, redis: Redis, *, own_limits: Collection[str]
) -> Limiter:
    """Return rate limits per address group, counted in Redis; without Redis, in this process.

    Requests without a route (404, 405) count too. `own_limits` are the endpoints with a rate of
    their own: their calls are few, and added one by one.
    """
    per_minute = settings.limits.requests_per_minute
    batches = Batches(size=max(1, per_minute // SHARES))
    # Epoch seconds, by address group and the endpoint whose own rate it is; None: of all calls.
    refused_until: TTLCache[tuple[str, str | None], float] = TTLCache(ADDRESSES_MAX, WINDOW_S)

    def is_counted() -> bool:
        is_limited = f"{request.path}/".startswith(LIMITED)
        return is_limited and not is_trusted(request_address(settings), settings)

    def count() -> Response | None:
        g.calls = 0
        if is_counted():
            g.address_group = address_group(request_address(settings))
            until = max(
                refused_until.get((g.address_group, None), 0.0),
                refused_until.get((g.address_group, request.endpoint), 0.0),
            )
            if until > time.time():
                return _refusal(until)
            g.calls = 1 if request.endpoint in own_limits else batches.add(g.address_group)
        return None

    app.before_request(count)  # before that of the limiter
    limiter = Limiter(
        lambda: str(g.address_group),
        app=app,
        application_limits=[f"{per_minute}/minute"],
        application_limits_cost=lambda: int(g.calls),
        request_identifier=endpoint,
        storage_uri=settings.redis_auth_url,
        # Annotated as text or numbers; the storage takes a pool by this name.
        storage_options={"connection_pool": redis.connection_pool},  # type: ignore[dict-item]
        in_memory_fallback_enabled=True,
        # Its headers ask Redis once more for every answer, and put the end of the window into the
        # Retry-After of answers that speak of something else (BUSY).
        headers_enabled=False,
    )
    limiter.request_filter(lambda: not g.calls)

    def refused(_: RateLimitExceeded) -> Response:
        limit = limiter.current_limit
        until = 0.0 if limit is None else float(limit.reset_at)
        log_security_seldom(
            SecurityEvent.RATE_LIMITED, address=g.address_group, endpoint=endpoint()
        )
        key = None if limit is not None and limit.shared else request.endpoint
        refused_until[g.address_group, key] = until
        return _refusal(until)

    app.register_error_handler(RateLimitExceeded, refused)
    return limiter


def _refusal(until: float) -> Response:
    """Refuse until that time, in epoch seconds."""
    answer = problem("RATE_LIMITED", "too many requests from this address")
    answer.headers["Retry-After"] = str(max(1, math.ceil(until - time.time())))
    return answer
