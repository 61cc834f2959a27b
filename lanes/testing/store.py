"""A store in memory that behaves as PostgreSQL does where the platform relies on it.

READ COMMITTED: a statement sees what is committed when it runs, and the transaction's own writes.
A row that another open transaction has written is waited for, and read anew; a wait that takes too
long is given up. A process pauses before every statement and around every commit, so anything may
happen there. After a refused statement a transaction can do nothing more.
"""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lanes.dead_letter import DeadLetter
from lanes.errors import OutageError
from lanes.record import OutboxMessage
from lanes.testing.processes import pause

LOCK_WAIT_STEPS = 30  # pauses before a wait for a lock times out

Row = tuple[str, Any]
"""A table and a primary key."""

_DELETED = object()


class MemoryStore:
    """Committed rows by table and key.

    Its faults: while `is_down` every statement is refused; of the next statements as many as
    `refusals` says; `loses_commit_answer` makes the connection break at the next commit, after it
    is done. `sent` is the outbox, and `journal` what transactions noted, both in the order of
    commits; `commits` counts them.
    """

    def __init__(self) -> None:
        self.tables: dict[str, dict[Any, Any]] = {}
        self.sent: list[OutboxMessage | DeadLetter] = []
        self.journal: list[Any] = []
        self.commits = 0
        self.is_down = False
        self.refusals = 0
        self.loses_commit_answer = False
        self.locks: dict[Row, MemoryTransaction] = {}

    def rows(self, table: str) -> dict[Any, Any]:
        """Return the committed rows of a table by key."""
        return self.tables.setdefault(table, {})

    @contextmanager
    def begin(self) -> Iterator["MemoryTransaction"]:
        """Begin a transaction, as `lanes.ports.Begin` says."""
        transaction = MemoryTransaction(self)
        try:
            transaction.check()
            yield transaction
            transaction.check()
            transaction.commit()
            self._answer()
        finally:
            transaction.release()

    def check(self) -> None:
        """Pause, as before each statement. Raise OutageError when the statement is refused."""
        pause()
        if self.is_down:
            raise OutageError("the store is down")
        if self.refusals:
            self.refusals -= 1
            raise OutageError("the store refused a statement")

    def unlock(self, table: str) -> None:
        """Take every lock of a table away from its holder."""
        self.locks = {row: holder for row, holder in self.locks.items() if row[0] != table}

    def _answer(self) -> None:
        pause()
        if self.loses_commit_answer:
            self.loses_commit_answer = False
            raise OutageError("the connection broke at the commit")


class MemoryTransaction:
    """An open transaction: its writes, and the rows it has locked.

    Each method is one statement. Rows of mutable types are copied in and out.
    """

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self._writes: dict[Row, Any] = {}
        self._sent: list[OutboxMessage | DeadLetter] = []
        self._notes: list[Any] = []
        self._locked: list[Row] = []
        self._is_in_statement = False
        self._is_aborted = False

    def get(self, table: str, key: Any) -> Any:  # noqa: ANN401 - a row of any type
        """Return the row, or None."""
        self._begin_statement()
        return self._row(table, key)

    def scan(self, table: str) -> dict[Any, Any]:
        """Return all rows of the table by key."""
        self._begin_statement()
        own = {key: value for (of, key), value in self._writes.items() if of == table}
        merged = {**self.store.rows(table), **own}
        return {key: _copied(value) for key, value in merged.items() if value is not _DELETED}

    def lock(self, table: str, key: Any) -> Any:  # noqa: ANN401 - a row of any type
        """Return the row, or None, locked until this transaction ends, as SELECT FOR UPDATE does.

        Raise OutageError when another transaction holds it for too long. The key is locked even if
        there is no such row yet, as an INSERT of it would.
        """
        self._begin_statement()
        self._lock(table, key)
        return self._row(table, key)

    def try_lock(self, table: str, key: Any) -> bool:  # noqa: ANN401 - any hashable key
        """Lock the key if it is free; return whether this transaction holds it."""
        self._begin_statement()
        return self._holds(table, key)

    def put(self, table: str, key: Any, value: Any) -> None:  # noqa: ANN401 - a row of any type
        """Insert the row, or replace it. Raise OutageError as `lock` does."""
        self._begin_statement()
        self._lock(table, key)
        self._writes[table, key] = _copied(value)

    def delete(self, table: str, key: Any) -> bool:  # noqa: ANN401 - any hashable key
        """Delete the row; return False when there was none. Raise OutageError as `lock` does."""
        self._begin_statement()
        self._lock(table, key)
        was_there = self._row(table, key) is not None
        self._writes[table, key] = _DELETED
        return was_there

    def send(self, message: OutboxMessage | DeadLetter) -> None:
        """Put a message into the outbox."""
        self._begin_statement()
        self._sent.append(message)

    @contextmanager
    def statement(self) -> Iterator[None]:
        """Make all that is done inside one statement: nothing else happens between, but waits for
        locks."""
        self._begin_statement()
        before, self._is_in_statement = self._is_in_statement, True
        try:
            yield
        finally:
            self._is_in_statement = before

    def note(self, entry: object) -> None:
        """Add an entry to the store's journal when this transaction is committed."""
        self._notes.append(entry)

    def check(self) -> None:
        """Pause, as before each statement. Raise OutageError when it is refused, or one before
        was."""
        if self._is_aborted:
            raise OutageError("an earlier statement of this transaction was refused")
        try:
            self.store.check()
        except OutageError:
            self._is_aborted = True
            raise

    def commit(self) -> None:
        """Make all of it true at once."""
        for (table, key), value in self._writes.items():
            if value is _DELETED:
                self.store.rows(table).pop(key, None)
            else:
                self.store.rows(table)[key] = value
        self.store.sent += self._sent
        self.store.journal += self._notes
        self.store.commits += 1

    def release(self) -> None:
        """Give up all locks."""
        for row in self._locked:
            if self.store.locks.get(row) is self:
                del self.store.locks[row]

    def _begin_statement(self) -> None:
        if not self._is_in_statement:
            self.check()

    def _row(self, table: str, key: Any) -> Any:  # noqa: ANN401 - a row of any type
        value = self._writes.get((table, key), self.store.rows(table).get(key))
        return None if value is _DELETED else _copied(value)

    def _lock(self, table: str, key: Any) -> None:  # noqa: ANN401 - any hashable key
        for _ in range(LOCK_WAIT_STEPS):
            if self._holds(table, key):
                return
            pause()
        self._is_aborted = True
        raise OutageError("another transaction held a lock for too long")

    def _holds(self, table: str, key: Any) -> bool:  # noqa: ANN401 - any hashable key
        holder = self.store.locks.get((table, key))
        if holder is None:
            self.store.locks[table, key] = self
            self._locked.append((table, key))
        return holder is None or holder is self


def _copied(value: Any) -> Any:  # noqa: ANN401 - a row of any type
    """Return a copy of a value that could be changed in place."""
    return copy.deepcopy(value) if type(value).__hash__ is None else value
