"""What has been given to the producer and not been answered: bounded, and watched for a stall."""


class Unacknowledged:
    """The records of one topic that wait for their acknowledgement; times are monotonic seconds.

    It is stalled while some wait and none has been acknowledged for `stall_s`. When all of them
    have been given up, one more is let through to try: only an acknowledgement ends a stall.
    """

    def __init__(self, bytes_max: int, *, stall_s: float) -> None:
        self._bytes_max, self._stall_s = bytes_max, stall_s
        self._bytes = self._records = 0
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

    def add(self, size: int, now: float) -> None:
        """A record of `size` bytes is on its way."""
        if self._records == 0 and not self._gave_up:
            self._quiet_since = now
        self._bytes += size
        self._records += 1

    def acknowledge(self, size: int, now: float) -> None:
        """One has arrived."""
        self._quiet_since, self._gave_up = now, False
        self._remove(size)

    def give_up(self, size: int) -> None:
        """Nobody knows what became of one."""
        self._gave_up = True
        self._remove(size)

    def _remove(self, size: int) -> None:
        self._bytes -= size
        self._records -= 1
