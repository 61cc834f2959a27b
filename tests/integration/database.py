"""A database of a test's own, on the servers named by the environment."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from uuid import uuid4

from psycopg2.errors import InsufficientPrivilege
from sqlalchemy import Connection, NullPool, create_engine, insert, select
from sqlalchemy.exc import ProgrammingError

from app.adapters.postgres.epochs import ConnectedDatabase
from app.adapters.postgres.schema import epochs
from lanes.postgres.engine import driver_url
from tests.waiting import wait_until


@contextmanager
def own_database(prefix: str) -> Iterator[dict[str, str]]:
    """The runner's environment, with a new, empty database that is dropped at the end."""
    name = f"{prefix}_{uuid4().hex}"
    given = driver_url(os.environ["DATABASE_URL"])
    with _connected(os.environ["DATABASE_URL"]) as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    url = given.set(drivername="postgresql", database=name).render_as_string(hide_password=False)
    yield {**os.environ, "DATABASE_URL": url}
    with _connected(os.environ["DATABASE_URL"]) as connection:
        wait_until(lambda: _dropped(connection, name), what=f"autovacuum has left {name}")


@contextmanager
def database_without_tables() -> Iterator[str]:
    """Yield the URL of a database of the same epoch that has no other table: all else fails."""
    with own_database("tableless") as environment:
        with _connected(os.environ["DATABASE_URL"]) as connection:
            newest = select(epochs.c.name, epochs.c.published).order_by(epochs.c.id.desc()).limit(1)
            name, published = connection.execute(newest).one()
        with _connected(environment["DATABASE_URL"]) as connection:
            epochs.create(connection)
            connection.execute(insert(epochs).values(name=name, published=published))
            database = ConnectedDatabase(connection.connection.driver_connection)
            database.record_admitted(database.epoch())
        yield environment["DATABASE_URL"]


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    # No pool: other tests kill the server between creating and dropping.
    engine = create_engine(driver_url(url), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def _dropped(connection: Connection, name: str) -> bool:
    """Drop the database; False while autovacuum works in it, which only a superuser may end."""
    try:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    except ProgrammingError as error:
        if isinstance(error.orig, InsufficientPrivilege):
            return False
        raise
    return True


def alembic(environment: Mapping[str, str], *arguments: str) -> None:
    """Run Alembic on that database; fails the test if it fails."""
    command = [sys.executable, "-m", "alembic", *arguments]
    subprocess.run(command, env=dict(environment), check=True)
