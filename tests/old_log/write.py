"""Writes records and the rows that this checkout's code makes of them in PostgreSQL, as JSON.

The file beside it, `rules_1.json`, was written by commit dd864dc, the last whose auctions were
frozen with the first wording of the rules and whose newest migration is 0003:

    git worktree add ../before dd864dc && cp -r tests/old_log ../before/tests/ && cd ../before
    make servers profile=test
    python -m stack --profile test run python -m tests.old_log.write > rules_1.json

Only what that commit has is used here. The auctions and the bids are such that the two wordings
differ: first raises from a price of 1, prices next to the largest amount of money.
"""

import json
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, NullPool, create_engine, insert

from app.adapters.postgres import schema
from app.adapters.postgres.auctions import PostgresAuctions
from app.adapters.postgres.settling import PostgresAuctionStore
from app.domain.auction import open_auction
from app.domain.ids import bid_id
from app.domain.money import AMOUNT_MAX
from app.domain.rules import Rules
from app.domain.terms import Offer, make_terms
from app.domain.time import rfc3339
from app.protocol.records import BidValue, CancelValue, CloseValue, ReserveValue, StartValue
from app.protocol.topics import AUCTION_BID
from app.services.rights import default_limits
from app.services.settling import AuctionLane
from app.settings import Limits
from lanes.postgres.engine import driver_url
from lanes.record import InboxRecord
from lanes.time import epoch_ms, from_epoch_ms
from tests.integration.database import alembic, own_database

BID_LIMITS = default_limits(Limits())
NOW = from_epoch_ms(1_795_435_200_000)
TABLES = ("users", "products", "auctions", "auction_bidders", "bids", "decisions")
SELLER, ANN, BOB, CEM = 1, 2, 3, 4
PARTITION = 0

# (seconds after NOW, what): bids are (bidder, amount, kind, confirm, key).
Step = tuple[float, Any]


def _bid(
    at: float, bidder: int, amount: int, key: str, *, kind: str = "exact", confirm: bool = False
) -> Step:
    return at, (bidder, amount, kind, confirm, key)


# The first raise from 1 needs confirmation, though it is the minimum.
RAISES: list[Step] = [
    _bid(1, ANN, 1, "a1"),
    _bid(2, BOB, 101, "b1"),
    _bid(3, BOB, 101, "b2", confirm=True),
    _bid(3, BOB, 101, "b2", confirm=True),
    _bid(4, BOB, 150, "b2", confirm=True),
    _bid(4, CEM, 200, "c0"),
    _bid(5, CEM, 505, "c1", kind="max"),
    _bid(6, ANN, 400, "a2", kind="max"),
    _bid(6, SELLER, 700, "s1"),
    (7, "close"),
    _bid(3_590, CEM, 5_000, "c2"),
    _bid(3_595, CEM, 5_000, "c3", confirm=True),
    _bid(3_599, ANN, 600, "a3"),
    (3_600, "close"),
    _bid(3_718, BOB, 1_200, "b3"),
    (9_000, "close"),
    _bid(9_001, ANN, 9_000, "a4"),
]
# No higher bid is possible, and the old code names a minimum that is no amount of money.
HIGHEST: list[Step] = [
    _bid(1, ANN, AMOUNT_MAX - 600_000, "a1"),
    _bid(2, BOB, AMOUNT_MAX - 50_000, "b1"),
    _bid(3, ANN, AMOUNT_MAX, "a2"),
    _bid(4, BOB, AMOUNT_MAX, "b2"),
    _bid(5, BOB, AMOUNT_MAX - 60_000, "b3"),
    (4_000, "close"),
]
BOUGHT: list[Step] = [
    (0, "start"),
    _bid(1, ANN, 2_000, "a0"),
    (60, "start"),
    _bid(61, ANN, 2_000, "a1", kind="max"),
    (62, ("reserve", 3_000)),
    (63, ("reserve", 2_500)),
    _bid(64, BOB, 9_000, "b1"),
    _bid(65, BOB, 9_500, "b2", confirm=True),
    _bid(66, ANN, 9_900, "a2", confirm=True),
    (67, "close"),
]
CANCELLED: list[Step] = [
    _bid(1, ANN, 1_000, "a1"),
    (2, ("cancel", None)),
    (3, ("cancel", "부서졌습니다")),
    _bid(4, BOB, 1_200, "b1"),
]
# Left open, so that newer code has to go on with them.
STILL_OPEN: list[Step] = [_bid(1, ANN, 1, "a1"), _bid(2, BOB, 101, "b1")]
STILL_OPEN_HIGHEST: list[Step] = [_bid(1, ANN, AMOUNT_MAX - 600_000, "a1", confirm=True)]

HOUR, DAY = 3_600, 86_400
LOTS: list[tuple[dict[str, Any], list[Step]]] = [
    ({"starting_price": 1, "lasts_s": HOUR}, RAISES),
    ({"starting_price": AMOUNT_MAX - 600_000, "lasts_s": HOUR}, HIGHEST),
    (
        {"starting_price": 1_000, "reserve_price": 4_000, "buy_now_price": 9_000,
         "starts_s": 60, "lasts_s": HOUR},
        BOUGHT,
    ),
    ({"starting_price": 1_000, "lasts_s": DAY}, CANCELLED),
    ({"starting_price": 1, "lasts_s": HOUR}, STILL_OPEN),
    ({"starting_price": AMOUNT_MAX - 600_000, "lasts_s": HOUR}, STILL_OPEN_HIGHEST),
]  # fmt: skip


def main() -> None:
    """Print the file."""
    with own_database("old_log") as environment:
        alembic(environment, "upgrade", "head")
        engine = create_engine(driver_url(environment["DATABASE_URL"]), poolclass=NullPool)
        _add_people(engine)
        records = _records(_add_auctions(engine))
        _settle(engine, records)
        with engine.connect() as connection:
            tables = {table: _rows(connection, table) for table in TABLES}
    sys.stdout.write(_text([_plain(record) for record in records], tables))


def _text(records: list[Any], tables: dict[str, list[Any]]) -> str:
    """One record or row a line."""
    parts = [f'"{name}":{_lines(rows)}' for name, rows in tables.items()]
    return f'{{"records":{_lines(records)},\n"tables":{{{",".join(parts)}}}}}\n'


def _lines(rows: list[Any]) -> str:
    return "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "]"


def _add_people(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(
            insert(schema.users),
            [{"email": f"{name}@example.org", "nickname": name} for name in "sabc"],
        )


def _add_auctions(engine: Engine) -> list[int]:
    return [_add_auction(engine, **terms) for terms, _ in LOTS]


def _add_auction(engine: Engine, *, lasts_s: int, starts_s: int = 0, **prices: int) -> int:
    with engine.begin() as connection:
        product_id = connection.execute(
            insert(schema.products)
            .values(
                seller_id=SELLER, name="lot", description="", sale_type="auction", currency="KRW"
            )
            .returning(schema.products.c.id)
        ).scalar_one()
    offer = Offer(
        currency="KRW",
        starts_at=NOW + timedelta(seconds=starts_s),
        ends_at=NOW + timedelta(seconds=starts_s + lasts_s),
        **prices,  # type: ignore[arg-type]
    )
    terms = make_terms(offer, auction_id=0, seller_id=SELLER, now=NOW, rules=Rules())
    return PostgresAuctions(engine, bid_limits=BID_LIMITS).add(product_id, open_auction(terms))


def _records(auction_ids: Sequence[int]) -> list[InboxRecord]:
    """All auctions' records by time, as one partition has them."""
    steps = [
        (at, auction_id, what)
        for auction_id, (_, lot) in zip(auction_ids, LOTS, strict=True)
        for at, what in lot
    ]
    return [
        _record(offset, auction_id, NOW + timedelta(seconds=at), what)
        for offset, (at, auction_id, what) in enumerate(sorted(steps, key=lambda step: step[0]))
    ]


def _record(offset: int, auction_id: int, log_time: datetime, what: Any) -> InboxRecord:
    payload = msgspec.json.encode(_value(auction_id, what, log_time)).decode()
    return InboxRecord(AUCTION_BID.name, PARTITION, offset, str(auction_id), payload, log_time)


def _value(auction_id: int, what: Any, log_time: datetime) -> msgspec.Struct:
    if what == "start":
        return StartValue(1, auction_id)
    if what == "close":
        return CloseValue(1, auction_id)
    if what[0] == "reserve":
        return ReserveValue(1, auction_id, actor_id=SELLER, reserve_price=what[1])
    if what[0] == "cancel":
        return CancelValue(1, auction_id, actor_id=SELLER, reason=what[1])
    bidder, amount, kind, confirm, key = what
    return BidValue(
        v=1, bid_id=bid_id(bidder, auction_id, key), auction_id=auction_id, bidder_id=bidder,
        amount=amount, kind=kind, confirm=confirm, key=key, received_at=rfc3339(log_time),
    )  # fmt: skip


def _settle(engine: Engine, records: Sequence[InboxRecord]) -> None:
    """Each lane in batches of three."""
    lane = AuctionLane(PostgresAuctionStore(), lambda: None)
    for key in sorted({record.key for record in records}):
        own = [record for record in records if record.key == key]
        for first in range(0, len(own), 3):
            with engine.begin() as connection:
                connection.exec_driver_sql("SET LOCAL timezone = 'UTC'")
                batch = {key: own[first : first + 3]}
                lane.settle(connection, lane.load(connection, batch), batch)


def _rows(connection: Connection, table: str) -> list[Any]:
    connection.exec_driver_sql("SET timezone = 'UTC'")
    statement = f"SELECT to_jsonb(r) FROM {table} r ORDER BY r"  # noqa: S608 - our constants
    return [row[0] for row in connection.exec_driver_sql(statement)]


def _plain(record: InboxRecord) -> dict[str, Any]:
    return {
        "partition": record.partition,
        "offset": record.offset,
        "key": record.key,
        "payload": record.payload,
        "log_time_ms": epoch_ms(record.log_time),
    }


if __name__ == "__main__":
    main()
