"""The version of PostgreSQL."""

import psycopg2

from app.settings import Limits
from lanes.postgres.engine import driver_url


def server_version(database_url: str, *, limits: Limits) -> tuple[int, ...] | None:
    """Return (major, minor); None when the server does not let us in."""
    dsn = driver_url(database_url).set(drivername="postgresql")
    try:
        connection = psycopg2.connect(
            dsn.render_as_string(hide_password=False), connect_timeout=limits.connect_timeout_s
        )
    except psycopg2.OperationalError:
        return None
    try:
        return divmod(connection.server_version, 10_000)
    finally:
        connection.close()
