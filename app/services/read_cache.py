"""A cache of reads that concurrent callers share, kept for a moment."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from cachetools import TTLCache

from app.domain.errors import BusyError

K = TypeVar("K")
V = TypeVar("V")


class _Reading(Future[V]):
    """A read in progress that several callers wait for."""

    has_begun = False  # until then no change can be missing in it


class ReadCache(Generic[K, V]):
    """At most `size_max` values, each at most `ttl_s` seconds old since its read began.

    A value goes to callers that asked before its read began or since then, until `forget` or
    `clear`. A key is read at most once in `rest_s`, however often it is forgotten: callers
    meanwhile wait for that.
    """

    def __init__(
        self,
        *,
        size_max: int,
        ttl_s: float,
        wait_s: float,
        rest_s: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._reads: TTLCache[K, _Reading[V]] = TTLCache(size_max, ttl_s, timer=clock)
        self._free_at: TTLCache[K, float] = TTLCache(size_max, rest_s, timer=clock)
        self._wait_s, self._rest_s, self._clock, self._pause = wait_s, rest_s, clock, pause
        self._lock = threading.Lock()

    def get(self, key: K, read: Callable[[], V]) -> V:
        """Return the value, calling `read` if no read is in progress.

        Raise what `read` raises, and BusyError when another caller's read takes over `wait_s`.
        """
        with self._lock:
            found = self._reads.get(key)
            if found is None:
                own = self._reads[key] = _Reading[V]()
        if found is None:
            return self._read(key, own, read)
        try:
            return found.result(timeout=self._wait_s)
        except TimeoutError as error:
            raise BusyError("the store does not answer") from error

    def forget(self, key: K) -> None:
        """Discard the value: later callers read it again."""
        with self._lock:
            self._drop(key)

    def clear(self) -> None:
        """Discard all values."""
        with self._lock:
            for key in list(self._reads):
                self._drop(key)

    def _drop(self, key: K) -> None:
        """What will be read only later has every change in it."""
        found = self._reads.get(key)
        if found is not None and found.has_begun:
            self._reads.pop(key, None)

    def _read(self, key: K, own: "_Reading[V]", read: Callable[[], V]) -> V:
        try:
            self._begin(key, own)
            value = read()
        except BaseException as error:
            self._give_up(key, own, error)
            raise
        own.set_result(value)
        return value

    def _begin(self, key: K, own: "_Reading[V]") -> None:
        """Wait until the key may be read again."""
        with self._lock:
            left_s = self._free_at.get(key, 0.0) - self._clock()
        if left_s > 0:
            self._pause(left_s)
        with self._lock:
            own.has_begun = True
            if self._rest_s:
                self._free_at[key] = self._clock() + self._rest_s

    def _give_up(self, key: K, own: "_Reading[V]", error: BaseException) -> None:
        with self._lock:
            if self._reads.get(key) is own:
                del self._reads[key]
        # A greenlet that is killed while it reads must not end the greenlets that wait for it.
        failure = error if isinstance(error, Exception) else BusyError("the reading was broken off")
        own.set_exception(failure)
