"""The frame rate of a socket: refused above its rates, closed when it does not pause."""

from enum import Enum

PAUSE_S = 1.0  # this long without a refused frame is a pause
BURST_S = 2.0  # a page that comes back sends so many seconds' worth of bytes at once
REFUSED_MAX = 20  # so many are refused one by one, then nothing is read for HOLD_S
HOLD_S = 0.5


class RateDecision(Enum):
    """What to do with a frame."""

    PASS = "pass"
    REFUSE = "refuse"
    CLOSE = "close"


class FrameRate:
    """Two buckets, of `per_s` frames and of BURST_S times `bytes_per_s`, filled at these rates.

    Times are monotonic seconds. Control frames and parts of messages are frames too.
    """

    __slots__ = (
        "_bytes_level", "_bytes_per_s", "_last", "_level", "_over_since", "_patience_s", "_per_s",
        "_refused", "_refused_at",
    )  # fmt: skip

    def __init__(self, *, per_s: float, bytes_per_s: float, patience_s: float, now: float) -> None:
        self._per_s, self._bytes_per_s, self._patience_s = per_s, bytes_per_s, patience_s
        self._level, self._bytes_level, self._last = per_s, bytes_per_s * BURST_S, now
        self._over_since = self._refused_at = -1.0
        self._refused = 0  # since the last hold

    def add_bytes(self, count: int, now: float) -> None:
        """Count bytes that were read, of any frame."""
        self._refill(now)
        self._bytes_level -= count

    def check(self, now: float) -> RateDecision:
        """Count one frame and return what to do with it."""
        if now != self._last:
            self._refill(now)
        if self._level >= 1.0 and self._bytes_level >= 0.0:
            self._level -= 1.0
            return RateDecision.PASS
        if self._over_since < 0 or now - self._refused_at > PAUSE_S:
            self._over_since = now
        self._refused_at = now
        self._refused += 1
        return (
            RateDecision.CLOSE
            if now - self._over_since >= self._patience_s
            else RateDecision.REFUSE
        )

    def hold_s(self) -> float:
        """Return how long to read nothing, so that refusing costs less than serving: mostly 0."""
        if not self._refused and self._bytes_level >= 0.0:
            return 0.0
        if self._refused >= REFUSED_MAX:
            self._refused = 0
            return HOLD_S
        return min(HOLD_S, max(0.0, -self._bytes_level / self._bytes_per_s))

    @property
    def retry_after_ms(self) -> int:
        """Return when the next frame would pass, in milliseconds."""
        wait_s = max((1.0 - self._level) / self._per_s, -self._bytes_level / self._bytes_per_s)
        return max(1, int(wait_s * 1000) + 1)

    def _refill(self, now: float) -> None:
        passed_s, self._last = now - self._last, now
        self._level = min(self._per_s, self._level + passed_s * self._per_s)
        bytes_max = self._bytes_per_s * BURST_S
        self._bytes_level = min(bytes_max, self._bytes_level + passed_s * self._bytes_per_s)
