"""Advisory locks: which of several processes is the active one."""

from sqlalchemy import Connection

RELAY_LOCK, CLOCK_LOCK, SWEEP_LOCK = 7_001, 7_002, 7_003


def try_lock(connection: Connection, lock: int) -> bool:
    """Whether this connection holds `lock` now; it does until it ends."""
    return bool(connection.exec_driver_sql("SELECT pg_try_advisory_lock(%s)", (lock,)).scalar())
