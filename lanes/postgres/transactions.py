"""Transactions of the platform: the driver's errors become those of its ports."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from lanes.errors import BadDataError, LanesError, OutageError
from lanes.ports import Begin

# Classes of SQLSTATE that speak of the values themselves: data exceptions, integrity constraints.
# Everything else is the server's state or the code's (a missing column in the middle of a deploy).
FAULTS_OF_DATA = ("22", "23")


def transactions(engine: Engine) -> Begin[Connection]:
    """Return a function that begins a transaction of `engine`: see `Begin`."""

    @contextmanager
    def begin() -> Iterator[Connection]:
        try:
            with _connected(engine) as connection, connection.begin():
                yield connection
        except (DBAPIError, PoolTimeoutError) as error:
            raise translated(error) from error

    return begin


@contextmanager
def _connected(engine: Engine) -> Iterator[Connection]:
    """Connect. Raise OutageError for what a listener of the engine raises, unless it is ours: then
    nobody can tell whether the database may be used."""
    try:
        connection = engine.connect()
    except (DBAPIError, PoolTimeoutError, LanesError):
        raise
    except Exception as error:
        raise OutageError(str(error)) from error
    with connection:
        yield connection


def translated(error: DBAPIError | PoolTimeoutError) -> Exception:
    """Turn driver errors into BadDataError for invalid values, and OutageError for everything
    else."""
    cause = getattr(error, "orig", None) or error
    state, name = getattr(cause, "pgcode", None), type(cause).__name__
    if state is None:  # it is the connection's: there is no value in its text
        first_line = str(cause).strip().partition("\n")[0]
        return OutageError(f"PostgreSQL cannot answer: {first_line or name}")
    if state[:2] in FAULTS_OF_DATA:
        return BadDataError(f"{name} ({state})")
    return OutageError(f"PostgreSQL cannot answer: {name} ({state})")
