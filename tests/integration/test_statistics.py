"""The statistics of large tables come from few rows: their sorting takes a core under load."""

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, NullPool, create_engine

from lanes.postgres.engine import driver_url
from tests.integration.database import alembic, own_database

SAMPLED_MAX = 9_000
FILL_BIDS = """
INSERT INTO bids (bid_id, auction_id, bidder_id, key, amount, kind, confirm, status, code,
  partition, "offset", log_time)
SELECT gen_random_uuid(), 1, n, n::text, n, 'manual', false, 'rejected', 'BID_TOO_LOW', 0, n, now()
FROM generate_series(1, 10000) AS n
"""


@pytest.fixture
def engine() -> Iterator[Engine]:
    with own_database("statistics") as environment:
        alembic(environment, "upgrade", "head")
        yield create_engine(driver_url(environment["DATABASE_URL"]), poolclass=NullPool)


def test_analysis_of_the_bids_sorts_few_rows(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(FILL_BIDS)
    driver = engine.raw_connection()
    driver.cursor().execute("ANALYZE VERBOSE bids")
    notices = " ".join(driver.driver_connection.notices)  # type: ignore[union-attr]
    driver.close()
    sampled = re.search(r"(\d+) rows in sample", notices)
    assert sampled is not None, notices
    assert int(sampled[1]) == SAMPLED_MAX
