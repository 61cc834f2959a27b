"""Alembic's entry: migrates the database of DATABASE_URL, one transaction a migration."""

import sys

from alembic import context
from sqlalchemy import create_engine, pool
from sqlalchemy.exc import OperationalError

from app.adapters.postgres.archive import is_partition
from app.adapters.postgres.schema import metadata
from app.settings import REFUSED, database_url_or_exit
from app.store_versions import version_fault
from lanes.postgres.engine import driver_url


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Whether Alembic compares it: partitions are made as they are needed."""
    return not (kind == "table" and name is not None and is_partition(name))


def run() -> None:
    url = driver_url(database_url_or_exit())
    engine = create_engine(url, poolclass=pool.NullPool, hide_parameters=True)
    try:
        opened = engine.connect()
    except OperationalError as error:
        print(f"PostgreSQL cannot be reached: {str(error.orig).splitlines()[0]}", file=sys.stderr)
        raise SystemExit(REFUSED) from error
    with opened as connection:
        version = tuple(map(int, connection.dialect.server_version_info or ()))
        if fault := version_fault("PostgreSQL", version):
            print(fault, file=sys.stderr)
            raise SystemExit(REFUSED)
        context.configure(
            connection=connection,
            target_metadata=metadata,
            compare_type=True,
            compare_server_default=True,
            include_name=is_ours,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
