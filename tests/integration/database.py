"""A database of a test's own, on the servers named by the environment."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from uuid import uuid4

from sqlalchemy import NullPool, create_engine

from app.adapters.postgres.engine import driver_url


@contextmanager
def own_database(prefix: str) -> Iterator[dict[str, str]]:
    """The runner's environment, with a new, empty database that is dropped at the end."""
    name = f"{prefix}_{uuid4().hex}"
    given = driver_url(os.environ["DATABASE_URL"])
    # No pool: other tests kill the server between creating and dropping.
    admin = create_engine(given, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    url = given.set(drivername="postgresql", database=name).render_as_string(hide_password=False)
    yield {**os.environ, "DATABASE_URL": url}
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


def alembic(environment: Mapping[str, str], *arguments: str) -> None:
    """Run Alembic on that database; fails the test if it fails."""
    command = [sys.executable, "-m", "alembic", *arguments]
    subprocess.run(command, env=dict(environment), check=True)
