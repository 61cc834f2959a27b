"""What views of an auction name: a minimum that can be bid, a price that it can be bought at."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import Engine, NullPool, create_engine, insert

from app.adapters.postgres import schema
from app.adapters.postgres.auctions import PostgresAuctions
from app.adapters.postgres.engine import driver_url
from app.adapters.postgres.settling import PostgresAuctionStore
from app.domain.auction import open_auction
from app.domain.money import AMOUNT_MAX
from app.domain.rules import Rules
from app.domain.terms import Offer, make_terms
from app.protocol.fanout import auction_event_decoder
from app.protocol.outcomes import AuctionState
from app.protocol.resources import Auction, AuctionQuery, Page
from app.protocol.topics import AUCTION_BID
from app.services.lanes import InboxRecord
from app.services.settling import AuctionLane
from tests.bid_values import bid_value
from tests.integration.database import alembic, own_database

NOW = datetime(2030, 1, 1, tzinfo=UTC)
SELLER, ANN, BOB = 1, 2, 3


class Shop:
    """Auctions of one seller, and bids that are settled at once."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.views = engine, PostgresAuctions(engine)
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
        self.offset += 1
        key = f"k{self.offset}"
        value = bid_value(bidder_id, auction_id, key, amount=amount)
        payload = msgspec.json.encode(value).decode()
        record = InboxRecord(AUCTION_BID.name, 0, self.offset, str(auction_id), payload, NOW)
        lane: AuctionLane = AuctionLane(PostgresAuctionStore(), lambda: None)
        with self.engine.begin() as connection:
            state = lane.load(connection, record.key)
            (message,) = lane.settle(connection, state, [record]).messages
        return auction_event_decoder.decode(message.payload).state

    def shown(self, auction_id: int) -> list[Auction]:
        """The auction as every view has it: alone, in the list, among those bid on."""
        page = self.views.page(AuctionQuery(), None, ANN)
        listed = [auction for auction, _ in page if auction.id == auction_id]
        bid_on = [one for one in self.views.bid_on(ANN, Page(), None) if one.id == auction_id]
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


def test_no_minimum_is_named_when_nobody_can_bid_higher(shop: Shop) -> None:
    lot = shop.auction(AMOUNT_MAX - 1_000_000)
    state = shop.bid(lot, ANN, AMOUNT_MAX - 1_000_000)
    shown = shop.shown(lot)
    assert len(shown) == 3
    assert {one.minimum_next_bid for one in shown} == {state.minimum_next_bid}
    assert state.minimum_next_bid == AMOUNT_MAX - 500_000
    state = shop.bid(lot, BOB, AMOUNT_MAX)
    assert state.minimum_next_bid is None
    assert [one.minimum_next_bid for one in shop.shown(lot)] == [None] * 3


def test_the_price_to_buy_now_at_is_shown_until_a_bid_takes_it_away(shop: Shop) -> None:
    lot = shop.auction(1_000, buy_now_price=9_000)
    assert {one.buy_now_price for one in shop.shown(lot)} == {9_000}
    shop.bid(lot, ANN, 1_000)
    assert [one.buy_now_price for one in shop.shown(lot)] == [None] * 3


def test_with_a_reserve_the_price_to_buy_now_at_is_shown_until_the_reserve_is_met(
    shop: Shop,
) -> None:
    lot = shop.auction(1_000, reserve_price=5_000, buy_now_price=9_000)
    shop.bid(lot, ANN, 4_000)
    assert [one.buy_now_price for one in shop.shown(lot)] == [9_000] * 3
    shop.bid(lot, BOB, 5_000)
    assert [one.buy_now_price for one in shop.shown(lot)] == [None] * 3


def test_once_bought_an_auction_shows_no_price_to_buy_now_at(shop: Shop) -> None:
    lot = shop.auction(1_000, reserve_price=5_000, buy_now_price=9_000)
    assert shop.bid(lot, ANN, 9_000).status == "closed"
    assert [one.buy_now_price for one in shop.shown(lot)] == [None] * 3
