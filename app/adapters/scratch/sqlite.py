"""The port `Scratch` on a private SQLite database, on disk and gone with its connection."""

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

_CREATE = """
CREATE TABLE items (table_name TEXT, major, minor INTEGER, number INTEGER, body TEXT,
  PRIMARY KEY (table_name, major, minor, number)) WITHOUT ROWID"""
_PUT = "INSERT INTO items VALUES (?, ?, ?, ?, ?)"
_SORTED = "SELECT major, minor, body FROM items WHERE table_name = ? ORDER BY major, minor, number"
_OF = "SELECT minor, body FROM items WHERE table_name = ? AND major = ? ORDER BY minor, number"


class SqliteScratch:
    """Tables in a database that spills to a file which SQLite itself deletes."""

    def __init__(self) -> None:
        # "": SQLite's name for a temporary database on disk. It is deleted anyway: no commits.
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute(_CREATE)
        self._database.execute("BEGIN")
        self._number = 0

    def put(self, table: str, items: Iterable[tuple[str | int, int, str]]) -> None:
        """Add items to a table."""
        self._database.executemany(_PUT, self._numbered(table, items))

    def sorted(self, table: str) -> Iterator[tuple[Any, int, str]]:
        """Yield all items of a table by major, minor and order of insertion."""
        yield from self._database.execute(_SORTED, (table,))

    def of(self, table: str, major: str | int) -> list[tuple[int, str]]:
        """Return (minor, text) of all items with this major, sorted."""
        return self._database.execute(_OF, (table, major)).fetchall()

    def _numbered(
        self, table: str, items: Iterable[tuple[str | int, int, str]]
    ) -> Iterator[tuple[str, str | int, int, int, str]]:
        for major, minor, body in items:
            self._number += 1
            yield table, major, minor, self._number, body
