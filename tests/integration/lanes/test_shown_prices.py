"""Views of an auction show a minimum that can be bid, and a price to buy it now."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from msgspec import UNSET
from sqlalchemy import Engine, NullPool, create_engine, insert

from app.adapters.postgres import schema
from app.adapters.postgres.auctions import PostgresAuctions
from app.adapters.postgres.rights import PostgresRights
from app.adapters.postgres.settling import PostgresAuctionStore
from app.domain.auction import open_auction
from app.domain.errors import ConflictError, NotFoundError
from app.domain.money import AMOUNT_MAX
from app.domain.rules import Rules
from app.domain.terms import Offer, make_terms
from app.protocol.fanout import auction_state_decoder
from app.protocol.outcomes import AuctionState
from app.protocol.records import (
    BidValue,
    CancelValue,
    ReserveValue,
    VoidValue,
    auction_event_decoder,
)
from app.protocol.resources import Auction, AuctionQuery
from app.protocol.topics import AUCTION_BID
from app.services.rights import Bidder, default_limits
from app.services.settling import AuctionLane
from app.settings import Limits
from lanes.postgres.engine import driver_url
from lanes.record import InboxRecord
from tests.bid_values import bid_value
from tests.integration.database import alembic, own_database

BID_LIMITS = default_limits(Limits())
LIMIT = 21  # a page, and one more
NOW = datetime(2030, 1, 1, tzinfo=UTC)
SELLER, ANN, BOB = 1, 2, 3


class Shop:
    """Auctions of one seller, and bids that are settled at once."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.views = PostgresAuctions(engine, bid_limits=BID_LIMITS)
        self.offset = 0

    def auction(self, starting_price: int, **prices: int) -> int:
        with self.engine.begin() as connection:
            product = insert(schema.products).values(
                seller_id=SELLER, name="lot", description="", sale_type="auction", currency="KRW"
            )
            product_id = connection.execute(product.returning(schema.products.c.id)).scalar_one()
        offer = Offer(
            currency="KRW", starting_price=starting_price, ends_at=NOW + timedelta(hours=1),
            reserve_price=prices.get("reserve_price"), buy_now_price=prices.get("buy_now_price"),
        )  # fmt: skip
        terms = make_terms(offer, auction_id=0, seller_id=SELLER, now=NOW, rules=Rules())
        return self.views.add(product_id, open_auction(terms))

    def bid(self, auction_id: int, bidder_id: int, amount: int) -> AuctionState:
        """The state that is published after the bid."""
        key = f"k{self.offset}"
        value = bid_value(bidder_id, auction_id, key, amount=amount)
        return self.settled(value)

    def settled(self, value: BidValue | CancelValue | ReserveValue | VoidValue) -> AuctionState:
        """The state that is published after this record."""
        self.offset += 1
        payload = msgspec.json.encode(value).decode()
        record = InboxRecord(AUCTION_BID.name, 0, self.offset, str(value.auction_id), payload, NOW)
        lane = AuctionLane(PostgresAuctionStore(), lambda: None)
        with self.engine.begin() as connection:
            records = {record.key: [record]}
            (settlement,) = lane.settle(connection, lane.load(connection, records), records)
        (message,) = settlement.messages
        return auction_state_decoder.decode(auction_event_decoder.decode(message.payload).state)

    def shown(self, auction_id: int) -> list[Auction]:
        """The auction as every view has it: alone, in the list, among those bid on."""
        page = self.views.page(AuctionQuery(), None, LIMIT, ANN)
        listed = [auction for auction, _ in page if auction.id == auction_id]
        found = self.views.bid_on(ANN, after_id=None, limit=LIMIT)
        bid_on = [one for one in found if one.id == auction_id]
        return [self.views.auction(auction_id, None), *listed, *bid_on]


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with own_database("shown") as environment:
        alembic(environment, "upgrade", "head")
        url = driver_url(environment["DATABASE_URL"])
        engine = create_engine(url, poolclass=NullPool, connect_args={"options": "-c timezone=UTC"})
        people: list[dict[str, Any]] = [
            {"email": f"{name}@example.org", "nickname": name} for name in "sab"
        ]
        with engine.begin() as connection:
            connection.execute(insert(schema.users), people)
        yield Shop(engine)


def test_no_minimum_is_shown_at_the_largest_amount(shop: Shop) -> None:
    lot = shop.auction(AMOUNT_MAX - 1_000_000)
    state = shop.bid(lot, ANN, AMOUNT_MAX - 1_000_000)
    shown = shop.shown(lot)
    assert len(shown) == 3
    assert {one.minimum_next_bid for one in shown} == {state.minimum_next_bid}
    assert state.minimum_next_bid == AMOUNT_MAX - 500_000
    state = shop.bid(lot, BOB, AMOUNT_MAX)
    assert state.minimum_next_bid is None
    assert [one.minimum_next_bid for one in shop.shown(lot)] == [None] * 3


def test_the_buy_now_price_is_shown_until_the_first_bid(shop: Shop) -> None:
    lot = shop.auction(1_000, buy_now_price=9_000)
    assert {one.buy_now_price for one in shop.shown(lot)} == {9_000}
    shop.bid(lot, ANN, 1_000)
    assert [one.buy_now_price for one in shop.shown(lot)] == [None] * 3


def test_the_buy_now_price_is_shown_until_the_reserve_is_met(
    shop: Shop,
) -> None:
    lot = shop.auction(1_000, reserve_price=5_000, buy_now_price=9_000)
    shop.bid(lot, ANN, 4_000)
    assert [one.buy_now_price for one in shop.shown(lot)] == [9_000] * 3
    shop.bid(lot, BOB, 5_000)
    assert [one.buy_now_price for one in shop.shown(lot)] == [None] * 3


def test_a_bought_auction_shows_no_buy_now_price(shop: Shop) -> None:
    lot = shop.auction(1_000, reserve_price=5_000, buy_now_price=9_000)
    assert shop.bid(lot, ANN, 9_000).status == "closed"
    assert [one.buy_now_price for one in shop.shown(lot)] == [None] * 3


def void(shop: Shop, auction_id: int, bidder_id: int) -> AuctionState:
    return shop.settled(VoidValue(1, auction_id, SELLER, bidder_id, "why"))


def test_after_a_void_every_view_shows_the_lower_price(shop: Shop) -> None:
    """Stored rows are folded again: bids in the order of their log, and a lowered reserve."""
    lot = shop.auction(1_000, reserve_price=8_000, buy_now_price=90_000)
    shop.bid(lot, ANN, 6_000)
    shop.settled(ReserveValue(1, lot, SELLER, 5_500))
    shop.bid(lot, BOB, 50_000)
    state = void(shop, lot, BOB)
    assert (state.price, state.voided) == (6_000, [2])
    assert state.leader is not None
    assert state.leader.alias == 1
    for one in shop.shown(lot):
        assert (one.price, one.leader, one.voided) == (6_000, state.leader, [2])
    bids = shop.views.history(lot, 0, 10)
    assert [(bid.seq, bid.alias, bid.voided) for bid in bids] == [(1, 1, UNSET), (2, 2, True)]
    assert shop.views.snapshot(lot, None, 10).bids == bids


def test_after_a_void_of_all_bidders_buy_now_is_offered_again(shop: Shop) -> None:
    lot = shop.auction(1_000, buy_now_price=9_000)
    shop.bid(lot, ANN, 2_000)
    state = void(shop, lot, ANN)
    assert (state.price, state.minimum_next_bid, state.leader) == (1_000, 1_000, None)
    assert [(one.price, one.buy_now_price) for one in shop.shown(lot)] == [(1_000, 9_000)] * 3
    mine = shop.views.auction(lot, ANN).mine
    assert mine is not UNSET
    assert (mine.standing, mine.limit, mine.blocked) == ("outbid", BID_LIMITS["KRW"], False)


def test_an_auction_shows_its_product_as_it_was_at_creation(shop: Shop) -> None:
    lot = shop.auction(1_000)
    shop.settled(CancelValue(1, lot, SELLER, None))
    with shop.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE products SET name = 'a brick', description = 'red'")
    product = shop.views.auction(lot, None).product
    assert (product.name, product.description, product.pictures) == ("lot", "", [])
    assert shop.views.page(AuctionQuery(query="brick"), None, LIMIT, None) == []
    found = shop.views.page(AuctionQuery(query="lot"), None, LIMIT, None)
    names = {one.product.name for one, _ in found}
    assert names == {"lot"}


def test_stored_rights_of_bidders_are_read_and_shown(shop: Shop) -> None:
    rights, lot = PostgresRights(shop.engine), shop.auction(1_000)
    rights.set_limits(BOB, {"KRW": 7_000, "USD": 5})
    rights.set_limits(BOB, {"KRW": 8_000})
    rights.block(SELLER, BOB, at_most=1)
    bidder = Bidder(is_proved=False, limits={"KRW": 8_000, "USD": 5})
    assert rights.rights([(BOB, SELLER), (BOB, ANN), (9**9, SELLER)]) == {
        (BOB, SELLER): (bidder, True),
        (BOB, ANN): (bidder, False),
    }
    mine = shop.views.auction(lot, BOB).mine
    assert mine is not UNSET
    assert (mine.limit, mine.blocked) == (8_000, True)
    rights.block(SELLER, BOB, at_most=1)  # again
    with pytest.raises(ConflictError, match="more than 1"):
        rights.block(SELLER, ANN, at_most=1)
    with pytest.raises(NotFoundError):
        rights.block(SELLER, 9**9, at_most=9)
    with pytest.raises(NotFoundError):
        rights.set_limits(9**9, {"KRW": 1})
    assert [one.user.id for one in rights.blocks(SELLER, after_id=0, limit=9)] == [BOB]
    assert (rights.unblock(SELLER, BOB), rights.unblock(SELLER, BOB)) == (True, False)
    assert rights.rights([(BOB, SELLER)]) == {(BOB, SELLER): (bidder, False)}
