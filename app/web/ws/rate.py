"""How many frames a socket may send: refused above the rate, closed when it does not pause."""

from enum import Enum

PAUSE_S = 1.0  # this long without a refused frame is a pause


class Verdict(Enum):
    """What to do with a frame."""

    PASS = "pass"
    REFUSE = "refuse"
    CLOSE = "close"


class FrameRate:
    """A bucket of `per_s` frames that fills at `per_s` a second; times are monotonic seconds."""

    __slots__ = ("_last", "_level", "_over_since", "_patience_s", "_per_s", "_refused_at")

    def __init__(self, *, per_s: float, patience_s: float, now: float) -> None:
        self._per_s, self._patience_s = per_s, patience_s
        self._level, self._last = per_s, now
        self._over_since = self._refused_at = -1.0

    def judge(self, now: float) -> Verdict:
        """Counts one frame."""
        self._level = min(self._per_s, self._level + (now - self._last) * self._per_s)
        self._last = now
        if self._level >= 1.0:
            self._level -= 1.0
            return Verdict.PASS
        if self._over_since < 0 or now - self._refused_at > PAUSE_S:
            self._over_since = now
        self._refused_at = now
        return Verdict.CLOSE if now - self._over_since >= self._patience_s else Verdict.REFUSE

    @property
    def retry_after_ms(self) -> int:
        """When the next frame would pass, in milliseconds."""
        return max(1, int((1.0 - self._level) / self._per_s * 1000) + 1)
