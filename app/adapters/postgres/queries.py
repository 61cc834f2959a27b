"""Reading and writing rows for requests: driver faults become BusyError."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, Row
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.domain.errors import BusyError


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
        raise BusyError("the database cannot answer") from error


def batches(
    engine: Engine, sql: str, values: Mapping[str, Any], *, size: int
) -> Iterator[Sequence[Row[Any]]]:
    """Yield all rows of one statement, at most `size` of them at a time in memory."""
    with transaction(engine) as connection:
        streamed = connection.execution_options(stream_results=True, max_row_buffer=size)
        yield from streamed.exec_driver_sql(sql, dict(values)).partitions(size)


def contains(words: str | None) -> str | None:
    """Return a LIKE pattern for texts that contain exactly these characters."""
    if words is None:
        return None
    escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
