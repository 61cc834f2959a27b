"""Plans that a connection keeps are good for full tables, though they were made for empty ones."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, NullPool, create_engine

from app.adapters.postgres.engine import driver_url
from lanes.postgres.lanes import CLAIM
from lanes.postgres.outbox import NEXT_OUT
from tests.integration.database import alembic, own_database

UNTIL_KEPT = 6  # PostgreSQL plans the first five executions each time


@pytest.fixture
def engine() -> Iterator[Engine]:
    """A database in which nothing has ever waited, as PostgreSQL's statistics say."""
    with own_database("plans") as environment:
        alembic(environment, "upgrade", "head")
        url = driver_url(environment["DATABASE_URL"])
        engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as connection:
            connection.exec_driver_sql("VACUUM ANALYZE inbox, outbox")
        yield engine


def test_inbox_and_outbox_are_read_by_their_indexes_for_ever(engine: Engine) -> None:
    with engine.connect() as connection:
        for _ in range(UNTIL_KEPT):
            CLAIM.execute(connection, "auction-bid", "1", 500)
            NEXT_OUT.execute(connection, 500, 1_000_000)
        kept = [
            row[0]
            for execute in ("lane_claim('auction-bid', '1', 500)", "outbox_next(500, 1000000)")
            for row in connection.exec_driver_sql(f"EXPLAIN EXECUTE {execute}")
        ]
    assert any("ix_inbox_lane" in line for line in kept)
    assert any("pk_outbox" in line for line in kept)
    assert not any("Seq Scan" in line for line in kept)
