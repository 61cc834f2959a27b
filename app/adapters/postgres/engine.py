"""How we connect: one engine per process, made after any fork, with a limit on every wait."""

from sqlalchemy import URL, Engine, create_engine, make_url

from app.settings import Limits


def driver_url(database_url: str) -> URL:
    """`postgresql://…`, as every tool takes it, with the driver that works under gevent."""
    return make_url(database_url).set(drivername="postgresql+psycopg2")


def make_engine(database_url: str, *, application: str, limits: Limits) -> Engine:
    """An engine of at most `limits.pool_connections` connections, opened on first use."""
    return create_engine(
        driver_url(database_url),
        pool_size=limits.pool_connections,
        max_overflow=0,
        pool_timeout=limits.read_timeout_s,
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
