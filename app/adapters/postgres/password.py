"""Checks that PostgreSQL requires a password."""

import psycopg2

from app.settings import Limits
from lanes.postgres.engine import driver_url


def accepts_without_password(database_url: str, *, limits: Limits) -> bool:
    """Return whether the server accepts the user of `database_url` without a password.

    False also when it refuses, or does not answer.
    """
    url = driver_url(database_url)
    if "sslcert" in url.query:  # the server required it
        return False
    dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        connection = psycopg2.connect(dsn, connect_timeout=limits.connect_timeout_s)
    except psycopg2.OperationalError:
        return False
    try:
        return not connection.info.used_password
    finally:
        connection.close()
