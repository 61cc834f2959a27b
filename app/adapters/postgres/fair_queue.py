"""The free connections of a pool: the longest waiter gets the next one.

SQLAlchemy's own queue wakes a waiter when a connection is returned, but lets a new caller take it
meanwhile; the waiter then waits behind all others. Where a few connections serve all sockets of a
gateway, some waited until they got BUSY, while the median waited a tenth of a second.
"""

import threading
from collections import deque
from typing import Generic, TypeVar

from sqlalchemy.util.queue import Empty, Queue

T = TypeVar("T")


class _Waiter(Generic[T]):
    """A waiting caller; `item` is set before `served`."""

    def __init__(self) -> None:
        self.served = threading.Event()
        self.item: T


class FairQueue(Queue[T]):
    """As its parent, but first come, first served. While a caller waits it is empty."""

    def __init__(self, maxsize: int = 0, use_lifo: bool = False) -> None:  # noqa: FBT001, FBT002 - SQLAlchemy's
        super().__init__(maxsize, use_lifo=use_lifo)
        self._waiters: deque[_Waiter[T]] = deque()

    def put(self, item: T, block: bool = True, timeout: float | None = None) -> None:  # noqa: FBT001, FBT002
        """Pass the item to the first waiter, or keep it. Raise Full."""
        with self.mutex:
            if not self._waiters:
                super().put(item, block, timeout)
                return
            waiter = self._waiters.popleft()
            waiter.item = item
            waiter.served.set()

    def get(self, block: bool = True, timeout: float | None = None) -> T:  # noqa: FBT001, FBT002
        """Return an item, after all earlier callers. Raise Empty after `timeout` seconds."""
        with self.mutex:
            if not self._empty():
                return super().get(False)
            if not block:
                raise Empty
            waiter: _Waiter[T] = _Waiter()
            self._waiters.append(waiter)
        try:
            waiter.served.wait(timeout)
        except BaseException:  # a greenlet that is ended
            if not self._leave(waiter):
                self.put(waiter.item, block=False)
            raise
        if self._leave(waiter):
            raise Empty
        return waiter.item

    def _leave(self, waiter: _Waiter[T]) -> bool:
        """Wait no more; False when an item has come."""
        with self.mutex:
            if waiter.served.is_set():
                return False
            self._waiters.remove(waiter)
            return True
