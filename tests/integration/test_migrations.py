"""The migrations make exactly the tables that the code names, and can be undone."""

import subprocess
import sys

from sqlalchemy import Engine, NullPool, create_engine

from app.adapters.postgres.archive import PostgresArchive
from lanes.postgres.engine import driver_url
from tests import old_log
from tests.integration.database import alembic, own_database
from tests.waiting import wait_until

_OBJECTS = """
SELECT relkind, relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
WHERE nspname IN ('public', 'lanes') AND relname NOT LIKE 'alembic%%' ORDER BY 1, 2"""


def objects(database_url: str) -> list[tuple[str, str]]:
    """Tables, views, indexes and sequences, Alembic's own aside."""
    engine = create_engine(driver_url(database_url), poolclass=NullPool)
    with engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(_OBJECTS)]


def test_migrations_up_down_and_up_give_the_schema() -> None:
    with own_database("migrations") as environment:
        alembic(environment, "upgrade", "head")
        alembic(environment, "check")
        made = objects(environment["DATABASE_URL"])
        assert ("v", "inbox_waiting") in made
        alembic(environment, "downgrade", "base")
        assert objects(environment["DATABASE_URL"]) == []
        alembic(environment, "upgrade", "head")
        alembic(environment, "check")
        assert objects(environment["DATABASE_URL"]) == made


_WAITING = """
SELECT query FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
  AND query LIKE '%%INDEX CONCURRENTLY%%'"""

_INVALID = "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid"


def test_indexes_are_created_concurrently_and_repeatably() -> None:
    with own_database("migrations") as environment:
        engine = old_database(environment)
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE INDEX ix_auctions_product_id ON auctions (price)")
        with engine.connect() as writer:
            writer.exec_driver_sql("UPDATE auctions SET version = version + 1 WHERE id = 5")
            command = [sys.executable, "-m", "alembic", "upgrade", "head"]
            migration = subprocess.Popen(command, env=environment)
            wait_until(lambda: answers(engine, _WAITING), what="it waits for the writer")
            with engine.begin() as other:
                other.exec_driver_sql("SET LOCAL lock_timeout = '2s'")
                other.exec_driver_sql("UPDATE auctions SET version = version + 1 WHERE id = 6")
            writer.commit()
        assert migration.wait() == 0
        assert answers(engine, _INVALID) == []
        alembic(environment, "check")


_ROWS = """
SELECT bid_id::text FROM bids WHERE status <> 'failed'
UNION ALL SELECT partition || '/' || "offset" FROM decisions ORDER BY 1"""


def test_going_back_brings_the_rows_of_the_archive_back() -> None:
    with own_database("migrations") as environment:
        engine = old_database(environment)
        before = answers(engine, _ROWS)
        alembic(environment, "upgrade", "head")
        with engine.begin() as connection:
            connection.exec_driver_sql("UPDATE auctions SET closed_at = '2020-01-01'")
        archive = PostgresArchive(engine, days=90)
        while archive.remove(10).more:
            pass
        assert answers(engine, _ROWS) == []
        alembic(environment, "check")
        alembic(environment, "downgrade", "0005")
        assert answers(engine, _ROWS) == before


def old_database(environment: dict[str, str]) -> Engine:
    """A database with the rows and the tables of an older commit."""
    alembic(environment, "upgrade", old_log.REVISION)
    engine = create_engine(driver_url(environment["DATABASE_URL"]), poolclass=NullPool)
    with engine.begin() as connection:
        old_log.store(connection)
    return engine


def answers(engine: Engine, query: str) -> list[str]:
    with engine.connect() as connection:
        return [row[0] for row in connection.exec_driver_sql(query)]
