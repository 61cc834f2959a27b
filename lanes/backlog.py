"""The backlog of a topic: its measure, the watermark that pauses ingest, and the age of offsets."""

from collections import deque
from dataclasses import dataclass
from typing import Protocol

from lanes.topic import Topic

FULL, RESUME = 1.0, 0.8
HISTORY_SAMPLES_MAX = 600  # ten minutes of seconds


@dataclass(frozen=True, slots=True)
class Backlog:
    """The records of a topic that wait: `fill` is their number as a share of the limit, 1.0 being
    full, `behind_s` the seconds since the oldest was appended."""

    topic: str
    fill: float
    behind_s: float


class BacklogSource(Protocol):
    """Measures the backlog of its topic."""

    topic: Topic

    def read(self) -> Backlog:
        """Measure; connect on first use, and raise what the driver raises."""
        ...

    def close(self) -> None:
        """Disconnect; must not raise."""


class Watermark:
    """Over from above FULL until below RESUME."""

    def __init__(self) -> None:
        self.is_over = False

    def update(self, fill: float) -> bool:
        """Set the fill level; return whether it is over."""
        self.is_over = fill >= RESUME if self.is_over else fill > FULL
        return self.is_over


class OffsetHistory:
    """The end offsets of a topic over time, from which the age of an offset follows."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque(maxlen=HISTORY_SAMPLES_MAX)

    def behind_s(self, *, done: int, end: int, now: float) -> float:
        """Return how many seconds ago the first record that is not done was appended; `end` records
        are appended by now.

        Exact to the time between two calls; at most the time since the first sample.
        """
        while self._samples and self._samples[0][1] <= done:
            self._samples.popleft()
        self._samples.append((now, end))
        return now - self._samples[0][0] if end > done else 0.0
