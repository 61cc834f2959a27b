"""Plans that a connection keeps are good for full tables, though they were made for empty ones."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, NullPool, create_engine

from app.adapters.postgres.settling import FIND, _save
from lanes.postgres.engine import PLAN_ONCE, driver_url
from lanes.postgres.lanes import CLAIM, SETTLE
from lanes.postgres.outbox import NEXT_OUT
from tests.integration.database import alembic, own_database

EXECUTED = (
    "lane_claim('auction-bid', '{1,2}', 500)",
    (
        "lane_settle('auction-bid', '{0,0}', '{1,2}', '{\"{1}\",\"{2}\"}', "
        "'{}', '{}', '{}', '{}', '{}')"
    ),
    "outbox_next(500, 1000000)",
    'auction_find(\'{1,2}\', \'{"{}","{}"}\', \'{"{}","{}"}\')',
    "auction_save('{1,2}', '[]')",
)
INDEXES = ("ix_inbox_lane", "pk_outbox", "pk_auctions", "pk_bids")
TABLES = "lanes.inbox, lanes.outbox, auctions, auction_bidders, bids"
FILL_INBOX = """
INSERT INTO lanes.inbox (topic, partition, "offset", key, payload, log_time)
SELECT 'auction-bid', 0, n, '1', repeat('x', 300), now() FROM generate_series(1, 50000) AS n
"""


@pytest.fixture
def engine() -> Iterator[Engine]:
    """A database in which nothing has ever waited, as PostgreSQL's statistics say."""
    with own_database("plans") as environment:
        alembic(environment, "upgrade", "head")
        url = driver_url(environment["DATABASE_URL"])
        engine = create_engine(url, poolclass=NullPool, connect_args={"options": PLAN_ONCE})
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"VACUUM ANALYZE {TABLES}")
            # As after a backlog of one lane: the rows are gone, what is known of their keys stays.
            connection.exec_driver_sql(FILL_INBOX)
            connection.exec_driver_sql("ANALYZE lanes.inbox")
            connection.exec_driver_sql("DELETE FROM lanes.inbox")
            connection.exec_driver_sql("ANALYZE lanes.inbox")
        yield engine


def test_kept_plans_use_indexes_for_settle_and_outbox(engine: Engine) -> None:
    with engine.begin() as connection:
        CLAIM.execute(connection, "auction-bid", ["1", "2"], 500)
        FIND.execute(connection, "{1,2}", ["{}", "{}"], ["{}", "{}"])
        _save((False, False, False, False)).execute(connection, "{1,2}", "[]")
        SETTLE.execute(
            connection, "auction-bid", "{0,0}", ["1", "2"], ["{1}", "{2}"], [], [], [], [], []
        )
        NEXT_OUT.execute(connection, 500, 1_000_000)
        connection.exec_driver_sql(
            "SET LOCAL enable_seqscan = on; SET LOCAL enable_bitmapscan = on"
        )
        kept = [
            row[0]
            for execute in EXECUTED
            for row in connection.exec_driver_sql(f"EXPLAIN EXECUTE {execute}")
        ]
    print("\n".join(kept))
    assert [index for index in INDEXES if not any(index in line for line in kept)] == []
    assert not any("Seq Scan" in line or "Bitmap" in line for line in kept)
