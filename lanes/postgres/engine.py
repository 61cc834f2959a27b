"""An engine with a limit on every wait, whose errors quote no values."""

from dataclasses import dataclass

import psycopg2
from sqlalchemy import URL, Engine, QueuePool, create_engine, event, make_url
from sqlalchemy.engine import ExceptionContext

from lanes.postgres.driver_errors import leave_values_out
from lanes.postgres.hosts import try_hosts_in_turn

# Prepared statements (prepared.py): one that takes arrays would seem cheaper planned each time.
PLAN_ONCE = "-c plan_cache_mode=force_generic_plan"


def driver_url(database_url: str) -> URL:
    """`postgresql://…`, as every tool takes it, with the driver that works under gevent."""
    return make_url(database_url).set(drivername="postgresql+psycopg2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """How long to wait at most: for a connection of the pool, for the server to be reached and to
    answer, for a statement, a lock, and the next statement of an open transaction."""

    pool_s: float = 5.0
    connect_s: int = 3
    read_s: int = 5
    statement_ms: int = 5_000
    lock_ms: int = 2_000
    idle_transaction_ms: int = 10_000


DEFAULT_WAITS = Waits()


def make_engine(
    database_url: str,
    *,
    application: str,
    connections: int,
    waits: Waits = DEFAULT_WAITS,
    poolclass: type[QueuePool] = QueuePool,
) -> Engine:
    """Return an engine of at most `connections` connections, opened on first use.

    Each is called `application` on the server. No text of its errors carries a value of a statement
    or of a row: texts end in logs.
    """
    engine = create_engine(
        driver_url(database_url),
        hide_parameters=True,
        poolclass=poolclass,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=waits.pool_s,
        pool_use_lifo=True,
        connect_args={
            "application_name": application,
            "connect_timeout": waits.connect_s,
            "options": (
                f"-c statement_timeout={waits.statement_ms} "
                f"-c lock_timeout={min(waits.lock_ms, waits.statement_ms)} "
                f"-c idle_in_transaction_session_timeout={waits.idle_transaction_ms} "
                f"-c timezone=UTC {PLAN_ONCE}"
            ),
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "tcp_user_timeout": waits.read_s * 1000,
        },
    )
    event.listen(engine, "handle_error", _leave_values_out)
    try_hosts_in_turn(engine)
    return engine


def _leave_values_out(context: ExceptionContext) -> None:
    original = context.original_exception
    text = leave_values_out(original) if isinstance(original, psycopg2.Error) else None
    if text is not None and context.sqlalchemy_exception is not None:
        context.sqlalchemy_exception.args = (f"({type(original).__name__}) {text}",)
