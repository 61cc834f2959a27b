"""Limits per address in a gateway process: concurrent requests and connections, and the rate of
answers."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from app.web.server.errors import OverloadedError, TooManyUnfinishedError

GROUPS_MAX = 10_000  # of which a time is kept; those that are past mean nothing


class Occupancy:
    """Counts what is held at the same time, by address group and together.

    A group of None is counted only together with all others.
    """

    def __init__(self, *, per_group_max: int, total_max: int) -> None:
        self._per_group_max, self._total_max = per_group_max, total_max
        self._held: Counter[str] = Counter()
        self._total = 0

    def is_full(self, group: str | None) -> bool:
        """Return whether `group` has reached its limit."""
        return self._total >= self._total_max or self._is_group_full(group)

    @contextmanager
    def hold(self, group: str | None) -> Iterator[None]:
        """Hold one. Raise TooManyUnfinishedError or OverloadedError when that is too many."""
        if self._is_group_full(group):
            raise TooManyUnfinishedError("too many unfinished requests from this address")
        if self._total >= self._total_max:
            raise OverloadedError("too many unfinished requests")
        self._add(group, 1)
        try:
            yield
        finally:
            self._add(group, -1)

    def _is_group_full(self, group: str | None) -> bool:
        return group is not None and self._held[group] >= self._per_group_max

    def _add(self, group: str | None, number: int) -> None:
        self._total += number
        if group is not None:
            self._held[group] += number
            if not self._held[group]:
                del self._held[group]


class RateLimit:
    """A rate per address group with a burst, for requests that wait their turn (GCRA)."""

    def __init__(self, *, per_s: float, burst: int) -> None:
        self._interval_s, self._burst_s = 1.0 / per_s, burst / per_s
        self._free_at: dict[str, float] = {}

    def delay_s(self, group: str, now: float) -> float:
        """Count one and return how long it must wait; `now` is in monotonic seconds."""
        if len(self._free_at) >= GROUPS_MAX:
            self._free_at = {group: at for group, at in self._free_at.items() if at > now}
        free_at = max(self._free_at.get(group, now), now) + self._interval_s
        self._free_at[group] = free_at
        return max(0.0, free_at - now - self._burst_s)
