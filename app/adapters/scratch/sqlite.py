"""The port `Scratch` on a private SQLite database, on disk and gone with its connection."""

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

_CREATE = """
CREATE TABLE items (shelf TEXT, major, minor INTEGER, number INTEGER, body TEXT,
  PRIMARY KEY (shelf, major, minor, number)) WITHOUT ROWID"""
_PUT = "INSERT INTO items VALUES (?, ?, ?, ?, ?)"
_SORTED = "SELECT major, minor, body FROM items WHERE shelf = ? ORDER BY major, minor, number"
_OF = "SELECT minor, body FROM items WHERE shelf = ? AND major = ? ORDER BY minor, number"


class SqliteScratch:
    """Shelves in a database that spills to a file which SQLite itself deletes."""

    def __init__(self) -> None:
        # "": SQLite's name for a temporary database on disk. It is deleted anyway: no commits.
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute(_CREATE)
        self._database.execute("BEGIN")
        self._number = 0

    def put(self, shelf: str, items: Iterable[tuple[str | int, int, str]]) -> None:
        """Put items on a shelf."""
        self._database.executemany(_PUT, self._numbered(shelf, items))

    def sorted(self, shelf: str) -> Iterator[tuple[Any, int, str]]:
        """All of a shelf by major, minor and the order in which they were put there."""
        yield from self._database.execute(_SORTED, (shelf,))

    def of(self, shelf: str, major: str | int) -> list[tuple[int, str]]:
        """(minor, text) of all items of this major, sorted."""
        return self._database.execute(_OF, (shelf, major)).fetchall()

    def _numbered(
        self, shelf: str, items: Iterable[tuple[str | int, int, str]]
    ) -> Iterator[tuple[str, str | int, int, int, str]]:
        for major, minor, body in items:
            self._number += 1
            yield shelf, major, minor, self._number, body
