"""Records appended and not yet acknowledged: bounded, and watched for a stall."""

from collections import deque
from typing import Final

from msgspec import Struct

from app.services.log import OnAcknowledged

# Kafka answers in milliseconds, and in tenths of a second when the machine is full. When the oldest
# has waited for longer and a crowd behind it, more would only wait longer still.
LATE_S: Final = 0.5
CROWD: Final = 50  # records: fewer may wait for an answer that is slow, they cost nothing


class Waiting(Struct):
    """A record of `size` bytes that was given to the producer at `since`; `done` gets its fate."""

    size: int
    since: float
    done: OnAcknowledged
    is_answered: bool = False


class Unacknowledged:
    """The records of one topic that wait for their acknowledgement; times are monotonic seconds.

    It is stalled while some wait and none has been acknowledged for `stall_s`. When all of them
    have been given up, one more is let through to try: only an acknowledgement ends a stall.
    """

    def __init__(self, bytes_max: int, *, stall_s: float) -> None:
        self._bytes_max, self._stall_s = bytes_max, stall_s
        self._bytes = self._records = 0
        # The oldest first; answered ones stay until all before them are answered.
        self._waiting: deque[Waiting] = deque()
        self._quiet_since = 0.0
        self._gave_up = False

    def __bool__(self) -> bool:
        """Whether any waits."""
        return self._records > 0

    def is_full(self, size: int) -> bool:
        """Whether `size` bytes more are too many."""
        return self._bytes + size > self._bytes_max

    def is_stalled(self, now: float) -> bool:
        """Whether another would most likely wait in vain."""
        return self._records > 0 and now - self._quiet_since > self._stall_s

    def is_late(self, now: float) -> bool:
        """Whether the oldest has waited for too long already, and many behind it."""
        return self._records >= CROWD and now - self._waiting[0].since > LATE_S

    def add(self, size: int, now: float, done: OnAcknowledged) -> Waiting:
        """A record of `size` bytes is on its way."""
        if self._records == 0 and not self._gave_up:
            self._quiet_since = now
        record = Waiting(size, now, done)
        self._waiting.append(record)
        self._bytes += size
        self._records += 1
        return record

    def acknowledge(self, record: Waiting, now: float) -> None:
        """One has arrived."""
        self._quiet_since, self._gave_up = now, False
        self.remove(record)

    def give_up(self, record: Waiting) -> None:
        """Remove one whose fate is unknown."""
        self._gave_up = True
        self.remove(record)

    def remove(self, record: Waiting) -> None:
        """Remove one, as it is when it was not appended after all."""
        record.is_answered = True
        self._bytes -= record.size
        self._records -= 1
        while self._waiting and self._waiting[0].is_answered:
            self._waiting.popleft()
