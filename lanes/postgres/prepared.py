"""Statements that each connection prepares once, so that PostgreSQL parses and plans them no more.

What a settle costs is the statements it runs, however few its records are. Their rows come from the
driver as they are: SQLAlchemy describes the columns of each result anew, for as much as it takes
to execute it.
"""

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

import psycopg2
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from lanes.postgres.driver_errors import leave_values_out
from lanes.postgres.schema_name import SCHEMA
from lanes.postgres.statements import in_schema, schema_of

_USE_INDEXES = "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off"
_NAMES = "prepared_statements"  # in the `info` of a connection, which is forgotten with it


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement with the parameters $1, $2, … of these types, known to the server by `name`.

    It returns rows. One that is the `first` of its transaction has all of them planned to use
    indexes in their order: a plan is made at the first execution and kept, and one that was made
    while a table was nearly empty would read all of it once it is full. By the statistics of an
    empty inbox each of its indexes finds a lane as well as any other, also the one that finds all
    records of the topic.
    """

    name: str
    types: tuple[str, ...]
    text: str
    first: bool = False

    def execute(self, connection: Connection, *values: object) -> list[tuple[Any, ...]]:
        """Execute it, prepared before if this connection has not done so, and return its rows.

        Raise SQLAlchemy's DBAPIError.
        """
        schema = schema_of(connection)
        # Engines of several schemas may share their connections.
        name = self.name if schema == SCHEMA else f"{schema}_{self.name}"
        names: set[str] = connection.info.setdefault(_NAMES, set())
        if name not in names:
            # Once in a connection's life; what it prepared outlives a rollback.
            text = in_schema(self.text, schema)
            connection.exec_driver_sql(f"PREPARE {name} {_listed(self.types)} AS {text}")
            names.add(name)
        with closing(connection.connection.cursor()) as cursor:
            try:
                cursor.execute(_execute(name, self.types, first=self.first), values)
                rows = list(cursor.fetchall())
            except psycopg2.Error as error:
                raise _wrapped(error, connection, name) from error
        return rows


def array(values: Iterable[int | UUID]) -> str:
    """Return the array as PostgreSQL's input has it.

    A list the driver would write as an expression, which PostgreSQL parses element by element.
    """
    return f"{{{','.join(map(str, values))}}}"


@cache
def _execute(name: str, types: tuple[str, ...], *, first: bool) -> str:
    """Return EXECUTE with types, because the driver writes an array as one of text."""
    execute = f"EXECUTE {name} {_listed([f'%s::{one}' for one in types])}"
    return f"{_USE_INDEXES}; {execute}" if first else execute


def _listed(items: Sequence[str]) -> str:
    """Return the texts in parentheses, which must not be empty."""
    return f"({', '.join(items)})" if items else ""


def _wrapped(error: psycopg2.Error, connection: Connection, name: str) -> BaseException:
    """The error as SQLAlchemy raises it; a connection that is lost is not used again."""
    leave_values_out(error)
    is_lost = bool(connection.connection.closed)
    if is_lost:
        connection.invalidate(error)
    return DBAPIError.instance(
        name, None, error, psycopg2.Error, hide_parameters=True, connection_invalidated=is_lost
    )
