"""A bounded cache with a time to live; the oldest entry is evicted first."""

import random
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class TtlCache(Generic[K, V]):
    """At most `size_max` values, each for at most `ttl_s` seconds.

    With `is_spread` each is kept for at least half of that, as chance has it: what a crowd has read
    at the same time is not read again at the same time.
    """

    def __init__(
        self,
        size_max: int,
        *,
        ttl_s: float,
        is_spread: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._size_max, self._ttl_s, self._clock = size_max, ttl_s, clock
        self._is_spread = is_spread
        self._entries: OrderedDict[K, tuple[float, V]] = OrderedDict()

    def get(self, key: K) -> V | None:
        """Return the value, None when there is none or it has expired."""
        entry = self._entries.get(key)
        if entry is None or entry[0] <= self._clock():
            return None
        return entry[1]

    def expires_within(self, key: K, seconds: float) -> bool:
        """Return whether in so many seconds there is no value of `key`, if none is put."""
        entry = self._entries.get(key)
        return entry is None or entry[0] <= self._clock() + seconds

    def put(self, key: K, value: V) -> None:
        """Store `value`; evict the oldest entry when the cache is full."""
        self._entries.pop(key, None)
        ttl_s = self._ttl_s
        if self._is_spread:
            ttl_s = random.uniform(ttl_s / 2, ttl_s)  # noqa: S311 - only spreads load
        self._entries[key] = (self._clock() + ttl_s, value)
        if len(self._entries) > self._size_max:
            self._entries.popitem(last=False)

    def forget(self, key: K) -> None:
        """Remove the entry."""
        self._entries.pop(key, None)

    def clear(self) -> None:
        """Remove all entries."""
        self._entries.clear()
