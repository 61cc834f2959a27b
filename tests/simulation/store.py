"""A store in memory that behaves as PostgreSQL does where the platform relies on it.

READ COMMITTED: a statement sees what is committed when it runs, and the transaction's own writes.
A row that another open transaction has written is waited for, and looked at anew; who waits for too
long gives up. A process pauses before every statement and around every commit, so anything may
happen there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lanes.errors import OutageError
from tests.simulation.processes import pause

LOCK_WAIT_STEPS = 30  # pauses before a wait for a lock is given up

Row = tuple[str, Any]
"""A table and a primary key."""

_DELETED = object()


class Store:
    """Committed rows by table and key.

    `refusals`: so many of the next statements are refused. `loses_commit_answer`: the next commit
    is done, and the connection breaks before its answer.
    """

    def __init__(self) -> None:
        self.tables: dict[str, dict[Any, Any]] = {}
        self.locks: dict[Row, MemoryTransaction] = {}
        self.sent: list[Any] = []  # what left by the outbox, in the order of the commits
        self.refusals = 0
        self.loses_commit_answer = False

    def rows(self, table: str) -> dict[Any, Any]:
        """The committed rows of a table."""
        return self.tables.setdefault(table, {})

    @contextmanager
    def begin(self) -> Iterator["MemoryTransaction"]:
        """As `Begin` promises."""
        transaction = MemoryTransaction(self)
        try:
            self.statement()
            yield transaction
            self.statement()
            transaction.commit()
            self._answer()
        finally:
            transaction.release()

    def statement(self) -> None:
        """What comes before each statement. Raises OutageError."""
        pause()
        if self.refusals:
            self.refusals -= 1
            raise OutageError("away")

    def _answer(self) -> None:
        pause()
        if self.loses_commit_answer:
            self.loses_commit_answer = False
            raise OutageError("the connection broke at the commit")


class MemoryTransaction:
    """An open transaction: its writes, and the rows it has locked."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._writes: dict[Row, Any] = {}
        self._sent: list[Any] = []

    def get(self, table: str, key: Any) -> Any:
        """The row, or None."""
        value = self._writes.get((table, key), self.store.rows(table).get(key))
        return None if value is _DELETED else value

    def scan(self, table: str) -> dict[Any, Any]:
        """All rows."""
        own = {key: value for (of, key), value in self._writes.items() if of == table}
        merged = {**self.store.rows(table), **own}
        return {key: value for key, value in merged.items() if value is not _DELETED}

    def lock(self, table: str, key: Any) -> Any:
        """Return the row, locked until this transaction ends. Raise OutageError."""
        for _ in range(LOCK_WAIT_STEPS):
            holder = self.store.locks.setdefault((table, key), self)
            if holder is self:
                return self.get(table, key)
            pause()
        raise OutageError("the lock was not to be had")

    def try_lock(self, table: str, key: Any) -> bool:
        """Take the lock if it is free; whether this transaction has it now."""
        return self.store.locks.setdefault((table, key), self) is self

    def put(self, table: str, key: Any, value: Any) -> None:
        """Write a row."""
        self.lock(table, key)
        self._writes[table, key] = value

    def delete(self, table: str, key: Any) -> bool:
        """Delete a row; whether it was there."""
        was_there = self.lock(table, key) is not None
        self._writes[table, key] = _DELETED
        return was_there

    def send(self, message: Any) -> None:
        """Put a message into the outbox."""
        self._sent.append(message)

    def commit(self) -> None:
        """Make all of it true at once."""
        for (table, key), value in self._writes.items():
            if value is _DELETED:
                self.store.rows(table).pop(key, None)
            else:
                self.store.rows(table)[key] = value
        self.store.sent += self._sent

    def release(self) -> None:
        """Give up all locks."""
        for row in [row for row, holder in self.store.locks.items() if holder is self]:
            del self.store.locks[row]
