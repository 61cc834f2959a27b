"""Reads shared by all who ask for the same thing at the same time, and kept for a moment."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from cachetools import TTLCache

from app.domain.errors import BusyError

K = TypeVar("K")
V = TypeVar("V")


class ReadCache(Generic[K, V]):
    """At most `size_max` values, each at most `ttl_s` seconds old since its reading began.

    A value that is read is handed to whoever asked since the reading began, and to nobody who asks
    after `forget` or `clear`.
    """

    def __init__(
        self,
        *,
        size_max: int,
        ttl_s: float,
        wait_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reads: TTLCache[K, Future[V]] = TTLCache(size_max, ttl_s, timer=clock)
        self._wait_s = wait_s
        self._lock = threading.Lock()

    def get(self, key: K, read: Callable[[], V]) -> V:
        """The value, by `read` if nobody reads it already.

        Raises what `read` raises, and BusyError when another's reading takes over `wait_s`.
        """
        with self._lock:
            found = self._reads.get(key)
            if found is None:
                own = self._reads[key] = Future[V]()
        if found is None:
            return self._read(key, own, read)
        try:
            return found.result(timeout=self._wait_s)
        except TimeoutError as error:
            raise BusyError("the store does not answer") from error

    def forget(self, key: K) -> None:
        """Read it anew for whoever asks from now on."""
        with self._lock:
            self._reads.pop(key, None)

    def clear(self) -> None:
        """As `forget`, of everything."""
        with self._lock:
            self._reads.clear()

    def _read(self, key: K, own: "Future[V]", read: Callable[[], V]) -> V:
        try:
            value = read()
        except BaseException as error:
            self._give_up(key, own, error)
            raise
        own.set_result(value)
        return value

    def _give_up(self, key: K, own: "Future[V]", error: BaseException) -> None:
        with self._lock:
            if self._reads.get(key) is own:
                del self._reads[key]
        # A greenlet that is ended while it reads must not end those who wait for it.
        told = error if isinstance(error, Exception) else BusyError("the reading was broken off")
        own.set_exception(told)
