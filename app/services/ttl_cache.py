"""A bounded memory of what was lately read, forgotten in the order of its coming."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class TtlCache(Generic[K, V]):
    """At most `size_max` values, each believed for at most `ttl_s` seconds."""

    def __init__(
        self, size_max: int, *, ttl_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._size_max, self._ttl_s, self._clock = size_max, ttl_s, clock
        self._entries: OrderedDict[K, tuple[float, V]] = OrderedDict()

    def get(self, key: K) -> V | None:
        """The value, unless it was never put, forgotten, or is too old."""
        entry = self._entries.get(key)
        if entry is None or entry[0] <= self._clock():
            return None
        return entry[1]

    def put(self, key: K, value: V) -> None:
        """Remember `value`; the oldest goes when there is no room."""
        self._entries.pop(key, None)
        self._entries[key] = (self._clock() + self._ttl_s, value)
        if len(self._entries) > self._size_max:
            self._entries.popitem(last=False)

    def forget(self, key: K) -> None:
        """Read it anew the next time."""
        self._entries.pop(key, None)

    def clear(self) -> None:
        """As `forget`, of everything."""
        self._entries.clear()
