"""Engines: one per process, created after any fork, with a limit on every wait."""

import threading
from typing import Any

import psycopg2
from sqlalchemy import Engine, QueuePool, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from app.adapters.postgres.fair_queue import FairQueue
from app.adapters.postgres.pools import watch_pool
from app.services.breaker import Breaker
from app.settings import Limits
from lanes.postgres.engine import Waits
from lanes.postgres.engine import make_engine as make_platform_engine

NO_ANSWER = "PostgreSQL did not answer just now"
ANSWER_SHARE = 0.8  # of the wait: a living server itself ends a statement that takes too long


class NoAnswerError(psycopg2.OperationalError):
    """The server did not answer in time; the connection is closed."""


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
    """As `make_engine`, for reads of guests: few connections, which they wait for only briefly."""
    return _engine(
        database_url,
        application=f"{application}-guests",
        limits=limits,
        connections=limits.guest_pool_connections,
        wait_s=limits.guest_pool_wait_s,
    )


def make_guarded_engine(
    database_url: str,
    *,
    application: str,
    limits: Limits,
    breaker: Breaker,
    connections: int,
    wait_s: float,
) -> Engine:
    """As `make_engine`, for requests that wait: nothing is sent while `breaker` is open.

    A connection on which data has arrived meanwhile is tested before it is used, because the server
    may have closed it: after a restart all are closed. A refused call raises SQLAlchemy's
    TimeoutError, as a pool does that has no free connection for `wait_s` seconds.
    """
    requested = threading.local()  # `at`: when this greenlet asked for its connection
    engine = _engine(
        database_url,
        application=application,
        limits=limits,
        connections=connections,
        wait_s=wait_s,
        statement_timeout_ms=int(breaker.timeout_s * 1000 * ANSWER_SHARE),
        poolclass=_guarded_pool(breaker, requested),
    )
    _try_readable(engine)
    _guard_connects(engine, breaker, requested)
    _report(engine, breaker)
    return engine


def _engine(
    database_url: str,
    *,
    application: str,
    limits: Limits,
    connections: int,
    wait_s: float,
    statement_timeout_ms: int | None = None,
    poolclass: type[QueuePool] = QueuePool,
) -> Engine:
    engine = make_platform_engine(
        database_url,
        application=application,
        connections=connections,
        waits=Waits(
            pool_s=wait_s,
            connect_s=limits.connect_timeout_s,
            read_s=limits.read_timeout_s,
            statement_ms=statement_timeout_ms or limits.statement_timeout_ms,
            lock_ms=limits.lock_timeout_ms,
            idle_transaction_ms=limits.idle_transaction_ms,
        ),
        poolclass=poolclass,
    )
    watch_pool(engine, application)
    return engine


def _guarded_pool(breaker: Breaker, requested: threading.local) -> type[QueuePool]:
    class GuardedPool(QueuePool):
        """Refuses connections while the breaker is open; else first come, first served."""

        _queue_class = FairQueue[ConnectionPoolEntry]

        def connect(self) -> PoolProxiedConnection:
            """A connection. Raises TimeoutError, at once while the breaker is open."""
            if not breaker.allows():
                raise PoolTimeoutError(NO_ANSWER)
            requested.at = breaker.now()
            return super().connect()

    return GuardedPool


def _try_readable(engine: Engine) -> None:
    """Test a connection on which the server has sent something, as it does when it goes away.

    SQLAlchemy's own `pool_pre_ping` would cost another statement before each.
    """
    from app.adapters.postgres.waiting import is_silent  # noqa: PLC0415 - loads gevent

    def given_out(connection: Any, *_: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own
        if is_silent(connection.fileno()):
            return
        try:
            engine.dialect.do_ping(connection)
        except psycopg2.Error as error:
            raise InvalidatePoolError from error

    event.listen(engine, "checkout", given_out)


def _guard_connects(engine: Engine, breaker: Breaker, requested: threading.local) -> None:
    def connecting(*_: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own
        # The wait for a connection uses up the time of the call.
        if breaker.has_failed_since(requested.at):
            raise PoolTimeoutError(NO_ANSWER)

    event.listen(engine, "do_connect", connecting, insert=True)  # before any host is tried


def _report(engine: Engine, breaker: Breaker) -> None:
    def failed(context: ExceptionContext) -> None:
        if isinstance(context.original_exception, NoAnswerError):
            breaker.unanswered()
        elif getattr(context.original_exception, "pgcode", None) is not None:
            breaker.answered()

    def executed(*_: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own
        breaker.answered()

    event.listen(engine, "handle_error", failed)
    event.listen(engine, "after_cursor_execute", executed)
