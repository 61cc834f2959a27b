"""Reading and writing rows for requests: driver faults become BusyError. Pages of lists."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Connection, Engine, Row
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.domain.errors import UnavailableError
from app.domain.time import rfc3339
from lanes.postgres import rows as lane_rows

T = TypeVar("T")

ON_THE_WIRE: lane_rows.Converters = {datetime: rfc3339, UUID: str}


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """One transaction. IntegrityError passes: its meaning is the caller's."""
    with _answering(), engine.begin() as connection:
        yield connection


def rows(engine: Engine, sql: str, values: Mapping[str, Any]) -> Sequence[Row[Any]]:
    """Return all rows of one statement, in a transaction of its own.

    One round trip, not three: BEGIN and ROLLBACK would each cost a turn of a busy gateway's loop,
    while few connections serve all sockets.
    """
    with _answering(), engine.connect() as connection, _autocommitting(connection):
        return connection.exec_driver_sql(sql, dict(values)).all()


def first_row(engine: Engine, sql: str, values: Mapping[str, Any]) -> Row[Any] | None:
    """As `rows`, of which only the first is wanted; None when there is none."""
    found = rows(engine, sql, values)
    return found[0] if found else None


def read_row(
    kind: Callable[..., T],
    row: Row[Any],
    /,
    **given: Any,  # noqa: ANN401 - fields of any type
) -> T:
    """Return a struct or a dataclass from the columns with the names of its fields, times and UUIDs
    as the wire has them; `given` are its other fields."""
    return lane_rows.read_row(kind, row, converters=ON_THE_WIRE, **given)


@contextmanager
def _autocommitting(connection: Connection) -> Iterator[None]:
    """Make each statement a transaction of its own.

    By the driver's own switch, which sends nothing to the server: SQLAlchemy would ask it for each
    isolation level it sets.
    """
    driven: Any = connection.connection.driver_connection
    driven.autocommit = True
    try:
        yield
    finally:
        if not driven.closed:
            driven.autocommit = False


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        raise
    except (DBAPIError, PoolTimeoutError) as error:
        raise UnavailableError("the database cannot answer") from error


def batches(
    engine: Engine, sql: str, values: Mapping[str, Any], *, size: int
) -> Iterator[Sequence[Row[Any]]]:
    """Yield all rows of one statement, at most `size` of them at a time in memory."""
    with transaction(engine) as connection:
        streamed = connection.execution_options(stream_results=True, max_row_buffer=size)
        yield from streamed.exec_driver_sql(sql, dict(values)).partitions(size)


@dataclass(frozen=True, slots=True)
class Keyset:
    """How a list is sorted, and which of its rows come after one.

    SQL with the parameters `after_id` (NULL: from the beginning), `after_value` and `limit`.
    """

    order: str
    after: str

    @property
    def rest(self) -> str:
        """The end of a statement, after its conditions."""
        return f"AND {self.after} ORDER BY {self.order} LIMIT %(limit)s"


def by_id(column: str, *, ascending: bool = False) -> Keyset:
    """Return the order of a list that is sorted by id, newest first unless `ascending`."""
    order, sign = (column, ">") if ascending else (f"{column} DESC", "<")
    return Keyset(order, f"(%(after_id)s::bigint IS NULL OR {column} {sign} %(after_id)s)")


def by_value(column: str, kind: str, *, id_column: str) -> Keyset:
    """Return the order of a list that is sorted by a column of type `kind`, and then by id."""
    order = f"{column}, {id_column}"
    after = f"({order}) > (%(after_value)s::{kind}, %(after_id)s)"
    return Keyset(order, f"(%(after_id)s::bigint IS NULL OR {after})")


def contains(words: str | None) -> str | None:
    """Return a LIKE pattern for texts that contain exactly these characters."""
    if words is None:
        return None
    escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
