"""Queries of lists and foreign keys use an index, in a database with many rows."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from sqlalchemy import Engine, NullPool, create_engine, event

from app.adapters.postgres.auctions import PostgresAuctions
from app.adapters.postgres.catalogue import PostgresProducts
from app.adapters.postgres.due import PostgresDueStore
from app.adapters.postgres.live import PostgresLive
from app.adapters.postgres.notices import PostgresNotices
from app.domain.rules import Rules
from app.protocol.resources import AuctionQuery, ProductQuery
from app.protocol.topics import AUCTION_BID
from app.services.rights import default_limits
from app.settings import Limits
from lanes.postgres.backlog import measure_waiting_lanes
from lanes.postgres.engine import driver_url
from lanes.time import from_epoch_ms
from tests.integration.database import alembic, own_database

# Fifty lanes have a thousand records each. Of the auctions one in fifty is open; of the notices,
# twenty people's, one in a hundred is unread.
FILL = (
    """INSERT INTO users (email, nickname) SELECT n, 'u' FROM generate_series(1, 2000) n""",
    """INSERT INTO products (seller_id, name, description, sale_type, currency)
    SELECT 1 + n %% 2000, n, 'text', 'auction', 'KRW' FROM generate_series(1, 20000) n""",
    """INSERT INTO auctions (product_id, seller_id, currency, mode, starting_price, created_at,
      starts_at, scheduled_ends_at, last_ends_at, window_s, extend_s, rules, status, price, ends_at,
      chain)
    SELECT n, 1 + n %% 2000, 'KRW', 'timed', 1, now(), now(), now(), now(), 0, 0, %(rules)s,
      CASE WHEN n %% 50 = 0 THEN 'open' ELSE 'closed' END, n, now() + n * interval '1 s',
      '' FROM generate_series(1, 20000) n""",
    """INSERT INTO auction_goods (auction_id, name, description, pictures)
    SELECT n, n, 'text', '[]' FROM generate_series(1, 20000) n""",
    """INSERT INTO auction_bidders (auction_id, bidder_id, alias)
    SELECT n, 1 + (n + 1) %% 2000, 1 FROM generate_series(1, 20000) n""",
    """INSERT INTO notices (user_id, auction_id, kind, params, at, published_at, read_at)
    SELECT 1 + n %% 20, n, 'outbid', '{}', now(), now(),
      CASE WHEN n %% 100 > 0 THEN now() END FROM generate_series(1, 50000) n""",
    """INSERT INTO inbox (topic, partition, "offset", key, payload, log_time)
    SELECT 'auction-bid', 0, n, n %% 50, '{}', now() FROM generate_series(1, 50000) n""",
)

BID_LIMITS = default_limits(Limits())
LIMIT = 21  # a page, and one more
# auctions.leader_id and winner_id: what a bid changes has no index, or its update would not be
# made in place; and users are never deleted.
UNINDEXED = {("auctions", "leader_id"), ("auctions", "winner_id")}

FOREIGN_KEYS = """
SELECT t.relname, a.attname FROM pg_constraint c
JOIN pg_class t ON t.oid = c.conrelid
JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
WHERE c.contype = 'f' AND NOT EXISTS (
  SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indkey[0] = c.conkey[1]
    AND i.indpred IS NULL AND i.indisvalid)"""

Node = dict[str, Any]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """A database with many ended auctions and a few open ones."""
    with own_database("indexes") as environment:
        alembic(environment, "upgrade", "head")
        url = driver_url(environment["DATABASE_URL"])
        engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        rules = msgspec.json.encode(Rules().to_json()).decode()
        with engine.connect() as connection:
            for statement in FILL:
                connection.exec_driver_sql(statement, {"rules": rules})
            connection.exec_driver_sql("VACUUM ANALYZE")
        yield engine


def test_every_foreign_key_has_an_index_unless_bids_change_it(engine: Engine) -> None:
    with engine.connect() as connection:
        found = {tuple(row) for row in connection.exec_driver_sql(FOREIGN_KEYS)}
    assert found == UNINDEXED


QUERIES: dict[str, tuple[Callable[[Engine], Any], set[str]]] = {
    "products": (
        lambda engine: PostgresProducts(engine).page(
            ProductQuery(), None, after_id=None, limit=LIMIT
        ),
        {"pk_products", "ix_auctions_product_id"},
    ),
    "products of a seller": (
        lambda engine: PostgresProducts(engine).page(
            ProductQuery(seller_id=7), None, after_id=None, limit=LIMIT
        ),
        {"ix_products_seller_id", "ix_auctions_product_id"},
    ),
    "a product": (
        lambda engine: PostgresProducts(engine).get(7, None),
        {"pk_products", "ix_auctions_product_id"},
    ),
    "auctions": (
        lambda engine: PostgresAuctions(engine, bid_limits=BID_LIMITS).page(
            AuctionQuery(), None, LIMIT, 7
        ),
        {"pk_auctions", "pk_products", "pk_auction_goods"},
    ),
    "closed auctions by end": (
        lambda engine: PostgresAuctions(engine, bid_limits=BID_LIMITS).page(
            AuctionQuery(status="closed", sort="ending"), (0, 7), LIMIT, 7
        ),
        {"ix_auctions_status_ends_at", "pk_products"},
    ),
    "auctions bid on": (
        lambda engine: PostgresAuctions(engine, bid_limits=BID_LIMITS).bid_on(
            7, after_id=None, limit=LIMIT
        ),
        {"ix_auction_bidders_bidder_id", "pk_auctions"},
    ),
    "unread notices": (
        lambda engine: PostgresLive(engine).unread(1),
        {"ix_notices_unread"},
    ),
    "read notices": (
        lambda engine: PostgresLive(engine).acknowledge(2, 10),
        {"ix_notices_unread"},
    ),
    "notices": (
        lambda engine: PostgresNotices(engine).page(1, after_id=None, limit=LIMIT),
        {"ix_notices_user_id"},
    ),
    "lanes with work": (
        lambda engine: measure_waiting_lanes(engine, AUCTION_BID),
        {"ix_inbox_lane"},
    ),
    "due ends": (
        lambda engine: PostgresDueStore(engine).due_ends(from_epoch_ms(0)),
        set(),
    ),
}


@pytest.mark.parametrize("name", QUERIES)
def test_a_list_reads_no_table_from_end_to_end(engine: Engine, name: str) -> None:
    ask, indexes = QUERIES[name]
    nodes = list(planned(engine, ask))
    read = {node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"}
    small = {"users", "bids", "watches", "parked_lanes", "bid_limits", "blocks"}
    assert read <= small, "those are small here"
    assert indexes <= {node["Index Name"] for node in nodes if "Index Name" in node}


@pytest.mark.parametrize("sort", ["price", "ending"])
def test_a_sorted_list_joins_only_its_page(engine: Engine, sort: Any) -> None:
    """No index has prices (a bid changes them), nor ends of auctions of any status."""
    query = AuctionQuery(sort=sort)
    nodes = list(
        planned(
            engine,
            lambda engine: PostgresAuctions(engine, bid_limits=BID_LIMITS).page(
                query, None, LIMIT, None
            ),
        )
    )
    (sorting,) = [node for node in nodes if node["Node Type"] == "Limit"]
    assert sorting["Plan Rows"] == LIMIT
    below = {node.get("Relation Name") for node in walk(sorting)} - {None}
    assert below == {"auctions"}


def planned(engine: Engine, ask: Callable[[Engine], Any]) -> Iterator[Node]:
    """Return the plan nodes of every query that `ask` runs."""
    statements: list[tuple[str, Any]] = []

    def note(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        statements.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        ask(engine)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    with engine.connect() as connection:
        for statement, parameters in statements:
            explained = f"EXPLAIN (FORMAT JSON) {statement}"
            (plan,) = connection.exec_driver_sql(explained, parameters).scalar_one()
            yield from walk(plan["Plan"])


def walk(node: Node) -> Iterator[Node]:
    """A node and all below it."""
    yield node
    for below in node.get("Plans", ()):
        yield from walk(below)
