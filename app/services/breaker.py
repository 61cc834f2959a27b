"""Whether a store is worth asking: who would wait in vain is told so at once.

pybreaker runs its calls one at a time under a lock, and circuitbreaker lets every caller through
when its pause is over: neither serves thousands of greenlets.
"""

import time
from collections.abc import Callable

import structlog

from app.observability import metrics

log = structlog.get_logger()


class Breaker:
    """One store, as those see it who wait for its answer at most `timeout_s` seconds.

    A call that got no answer opens it. After `pause_s` one call at a time is let through, until
    one is answered. A server that refuses at once costs nobody time, and does not open it.
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
        """Whether the last that is known of the store is that it does not answer."""
        return self._next_try_at is not None

    def allows(self) -> bool:
        """Whether to ask the store now. Who is allowed reports `answered` or `unanswered`."""
        if self._next_try_at is None:
            return True
        now = self._clock()
        if now < self._next_try_at:
            return False
        # Should this call never report, the next is let through when it must have ended.
        self._next_try_at = now + self.timeout_s + self._pause_s
        return True

    def now(self) -> float:
        """A moment, for `has_failed_since`."""
        return self._clock()

    def has_failed_since(self, moment: float) -> bool:
        """Whether others have waited in vain meanwhile: who was queued behind them need not."""
        return self._unanswered_at is not None and self._unanswered_at >= moment

    def answered(self) -> None:
        """The store has answered, were it by an error."""
        if self._next_try_at is not None:
            self._next_try_at = None
            log.info("store_answers", store=self._store)

    def unanswered(self) -> None:
        """A call was given up."""
        metrics.UNANSWERED.labels(self._store).inc()
        if self._next_try_at is None:
            log.warning("store_does_not_answer", store=self._store)
        self._unanswered_at = self._clock()
        self._next_try_at = self._unanswered_at + self._pause_s
