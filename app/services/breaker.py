"""A circuit breaker for a store: while the store does not answer, callers fail at once instead of
waiting.

pybreaker runs its calls one at a time under a lock, and circuitbreaker lets every caller through
when its pause is over: neither serves thousands of greenlets.
"""

import time
from collections.abc import Callable

import structlog

from app.observability import metrics

log = structlog.get_logger()


class Breaker:
    """The state of one store for callers that wait at most `timeout_s` seconds for an answer.

    A call without an answer opens it. After `pause_s` one call at a time is let through until one
    is answered. A server that refuses at once costs no time, and does not open it.
    """

    def __init__(
        self,
        store: str,
        *,
        timeout_s: float,
        pause_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.timeout_s = timeout_s
        self._store, self._pause_s, self._clock = store, pause_s, clock
        self._next_try_at: float | None = None  # None: closed
        self._unanswered_at: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether the store did not answer the last call."""
        return self._next_try_at is not None

    def allows(self) -> bool:
        """Return whether to call the store now. The caller then reports `answered` or
        `unanswered`."""
        if self._next_try_at is None:
            return True
        now = self._clock()
        if now < self._next_try_at:
            return False
        # Should this call never report, the next is let through when it must have ended.
        self._next_try_at = now + self.timeout_s + self._pause_s
        return True

    def now(self) -> float:
        """Return the current time, for `has_failed_since`."""
        return self._clock()

    def has_failed_since(self, moment: float) -> bool:
        """Return whether another call went unanswered since `moment`: callers queued behind it need
        not wait as well."""
        return self._unanswered_at is not None and self._unanswered_at >= moment

    def answered(self) -> None:
        """Report an answer of the store, also an error."""
        if self._next_try_at is not None:
            self._next_try_at = None
            log.info("store_answers", store=self._store)

    def unanswered(self) -> None:
        """Report a call that was given up."""
        metrics.UNANSWERED.labels(self._store).inc()
        if self._next_try_at is None:
            log.warning("store_does_not_answer", store=self._store)
        self._unanswered_at = self._clock()
        self._next_try_at = self._unanswered_at + self._pause_s
