"""Advisory locks: which of several processes is the active one."""

from sqlalchemy import Connection

from lanes.postgres.schema_name import SCHEMA
from lanes.postgres.statements import schema_of

RELAY_LOCK, CLOCK_LOCK, SWEEP_LOCK = 7_001, 7_002, 7_003

_TRY = "SELECT pg_try_advisory_lock(%s)"
_TRY_IN_SCHEMA = "SELECT pg_try_advisory_lock(%s, hashtext(%s))"


def try_lock(connection: Connection, lock: int) -> bool:
    """Return whether this connection holds the `lock` of its schema now; it does until it ends."""
    schema = schema_of(connection)
    if schema == SCHEMA:
        return bool(connection.exec_driver_sql(_TRY, (lock,)).scalar())
    return bool(connection.exec_driver_sql(_TRY_IN_SCHEMA, (lock, schema)).scalar())
