"""Alembic's entry: migrates the database of DATABASE_URL, one transaction a migration."""

import os

from alembic import context
from sqlalchemy import create_engine, pool

from app.adapters.postgres.engine import driver_url
from app.adapters.postgres.schema import metadata


def run() -> None:
    url = driver_url(os.environ["DATABASE_URL"])
    engine = create_engine(url, poolclass=pool.NullPool, hide_parameters=True)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=metadata,
            compare_type=True,
            compare_server_default=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
