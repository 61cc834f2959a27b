"""Tables that others wait for."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine

from lanes.postgres.engine import driver_url
from tests.e2e.cluster import Cluster


@contextmanager
def locked(cluster: Cluster, table: str) -> Iterator[None]:
    """Lock a row of the table, so that others wait for it."""
    engine = create_engine(driver_url(cluster.stack.environment()["DATABASE_URL"]))
    with engine.begin() as connection:
        connection.exec_driver_sql(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield
    engine.dispose()
