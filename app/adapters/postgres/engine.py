"""How we connect: one engine per process, made after any fork, with a limit on every wait."""

import psycopg2
from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.engine import ExceptionContext

from app.settings import Limits

# Data exceptions and syntax errors: `invalid input syntax for type bigint: "…"`.
QUOTING = ("22", "42601")


def driver_url(database_url: str) -> URL:
    """`postgresql://…`, as every tool takes it, with the driver that works under gevent."""
    return make_url(database_url).set(drivername="postgresql+psycopg2")


def make_engine(database_url: str, *, application: str, limits: Limits) -> Engine:
    """An engine of at most `limits.pool_connections` connections, opened on first use.

    No text of its errors carries a value of a statement or of a row: texts end in logs.
    """
    return _engine(
        database_url,
        application=application,
        limits=limits,
        connections=limits.pool_connections,
        wait_s=limits.read_timeout_s,
    )


def make_guest_engine(database_url: str, *, application: str, limits: Limits) -> Engine:
    """As `make_engine`, for reads of guests: they wait for each other, and not for long."""
    return _engine(
        database_url,
        application=f"{application}-guests",
        limits=limits,
        connections=limits.guest_pool_connections,
        wait_s=limits.guest_pool_wait_s,
    )


def _engine(
    database_url: str, *, application: str, limits: Limits, connections: int, wait_s: float
) -> Engine:
    engine = create_engine(
        driver_url(database_url),
        hide_parameters=True,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=wait_s,
        pool_use_lifo=True,
        connect_args={
            "application_name": application,
            "connect_timeout": limits.connect_timeout_s,
            "options": (
                f"-c statement_timeout={limits.statement_timeout_ms} "
                f"-c lock_timeout={limits.lock_timeout_ms} "
                f"-c idle_in_transaction_session_timeout={limits.idle_transaction_ms} "
                "-c timezone=UTC"
            ),
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "tcp_user_timeout": limits.read_timeout_s * 1000,
        },
    )
    event.listen(engine, "handle_error", _leave_values_out)
    return engine


def _leave_values_out(context: ExceptionContext) -> None:
    """Keep what names the fault: DETAIL quotes the row, and some first lines quote a value."""
    original = context.original_exception
    if not isinstance(original, psycopg2.Error) or original.diag.message_primary is None:
        return
    state = original.pgcode or ""
    text = f"SQLSTATE {state}" if state.startswith(QUOTING) else original.diag.message_primary
    original.args = (text,)
    if context.sqlalchemy_exception is not None:
        context.sqlalchemy_exception.args = (f"({type(original).__name__}) {text}",)
