"""Reads that are asked for at the same time become one.

The first bids of a thousand users come in the same second. If each asked the store on its own, all
would wait for a thousand answers over a few connections.
"""

from collections.abc import Callable, Mapping, Sequence
from threading import Event, Lock
from typing import Generic, TypeVar

from app.domain.errors import BusyError

K = TypeVar("K")
V = TypeVar("V")


class GatheredReads(Generic[K, V]):
    """Reads values by key, one read at a time: those who come meanwhile share the next one.

    Safe from any number of threads or greenlets.
    """

    def __init__(self, read: Callable[[Sequence[K]], Mapping[K, V]], *, keys_max: int) -> None:
        """`read` gets at most `keys_max` keys, and returns the values of those that exist."""
        self._read, self._keys_max = read, keys_max
        self._joining = Lock()
        self._reading = Lock()
        self._next: _Read[K, V] | None = None  # that may be joined

    def get(self, key: K) -> V | None:
        """Return the value, read after this call began; None when there is none. Raise what the
        read raises."""
        read, is_first = self._join(key)
        if is_first:
            self._carry_out(read)
        read.ended.wait()
        if read.error is not None:
            raise read.error
        return read.found.get(key)

    def _join(self, key: K) -> "tuple[_Read[K, V], bool]":
        """Return the next read, and whether the caller is to carry it out."""
        with self._joining:
            read = self._next
            is_first = read is None or len(read.keys) >= self._keys_max
            if read is None or is_first:
                read = self._next = _Read()
            read.keys[key] = None
            return read, is_first

    def _carry_out(self, read: "_Read[K, V]") -> None:
        try:
            with self._reading:
                self._close(read)
                read.found = self._read(list(read.keys))
                read.error = None
        except Exception as error:  # noqa: BLE001 - raised by `get`, for all who wait
            read.error = error
        finally:
            self._close(read)  # for a thread that was ended while it waited
            read.ended.set()

    def _close(self, read: "_Read[K, V]") -> None:
        """Let nobody join any more."""
        with self._joining:
            if self._next is read:
                self._next = None


class _Read(Generic[K, V]):
    """One read, and what came of it."""

    def __init__(self) -> None:
        self.keys: dict[K, None] = {}  # in the order in which they were asked for
        self.ended = Event()
        self.found: Mapping[K, V] = {}
        # Of a read whose thread was ended.
        self.error: Exception | None = BusyError("the read has been given up")
