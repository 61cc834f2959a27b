"""The terms of a new auction: times, last end, live mode, bounds (rules 10 to 12, wire.md)."""

import pytest

from app.domain.auction import genesis, open_auction
from app.domain.errors import InvalidError
from app.domain.rules import Rules
from app.domain.terms import SoftClose
from tests.unit.domain.builders import ANN, NOW, Lane, OfferFields, after, make


def test_without_a_future_start_the_auction_opens_at_once() -> None:
    for starts_at in (None, after(-5), NOW):
        terms = make(starts_at=starts_at)
        assert terms.starts_at == NOW
        assert open_auction(terms).status == "open"


def test_with_a_start_ahead_it_is_scheduled() -> None:
    auction = open_auction(make(starts_at=after(0.001)))
    assert (auction.status, auction.terms.starts_at) == ("scheduled", after(0.001))


def test_a_new_auction_has_only_its_starting_price() -> None:
    auction = open_auction(make(reserve_price=5_000))
    assert (auction.price, auction.minimum_next_bid, auction.bid_count) == (1_000, 1_000, 0)
    assert (auction.reserve_state, auction.version, auction.chain) == ("not_met", 0, "0" * 64)
    assert (auction.decided_at, auction.closed_at, auction.leader_id) == (NOW, None, None)
    assert open_auction(make(starts_at=after(60))).decided_at is None


def test_genesis_is_the_state_at_creation() -> None:
    lane = Lane(reserve_price=5_000)
    lane.bid(ANN, 7_000)
    lane.lower_reserve(4_000)
    assert genesis(lane.auction) == open_auction(lane.auction.terms)


@pytest.mark.parametrize(
    ("soft_close", "window_s", "extend_s", "last_end_s"),
    [
        (None, 120, 120, 3_600 + 30 * 120),
        (SoftClose(10, 20, 3), 10, 20, 3_600 + 60),
        (SoftClose(10, 3_600, 100), 10, 3_600, 3_600 + 7_200),
        (SoftClose(0, 0, 0), 0, 0, 3_600),
    ],
)
def test_the_last_end_of_a_timed_auction(
    soft_close: SoftClose | None, window_s: int, extend_s: int, last_end_s: int
) -> None:
    terms = make(soft_close=soft_close)
    assert (terms.window_s, terms.extend_s) == (window_s, extend_s)
    assert terms.last_ends_at == after(last_end_s)


def test_a_live_auction_lasts_30_s_to_15_min() -> None:
    terms = make(mode="live", ends_at=None, starts_at=after(60))
    assert terms.scheduled_ends_at == after(90)
    assert (terms.window_s, terms.extend_s, terms.last_ends_at) == (10, 10, after(60 + 900))


def test_the_last_end_is_never_before_the_scheduled_one() -> None:
    assert make(mode="live", ends=1_800).last_ends_at == after(1_800)


def test_the_numbers_come_from_the_rules_it_is_created_with() -> None:
    rules = Rules(soft_close_window_s=5, soft_close_extend_s=7, extensions_max=2, live_lot_s=40)
    terms = make(rules=rules)
    assert (terms.window_s, terms.extend_s, terms.last_ends_at) == (5, 7, after(3_614))
    assert make(rules=rules, mode="live", ends_at=None).scheduled_ends_at == after(40)


DAY = 86_400
OUT_OF_BOUNDS: list[tuple[OfferFields, set[str]]] = [
    ({"starting_price": 0}, {"starting_price"}),
    ({"starting_price": True}, {"starting_price"}),
    ({"reserve_price": 10**12 + 1, "buy_now_price": 0}, {"reserve_price", "buy_now_price"}),
    ({"reserve_price": 999}, {"reserve_price"}),
    ({"buy_now_price": 1_000}, {"buy_now_price"}),
    ({"reserve_price": 3_000, "buy_now_price": 2_999}, {"buy_now_price"}),
    ({"ends_at": None}, {"ends_at"}),
    ({"ends_at": after(4.999)}, {"ends_at"}),
    ({"ends_at": after(90 * DAY + 1)}, {"ends_at"}),
    ({"starts_at": after(90 * DAY + 1), "ends_at": after(91 * DAY)}, {"starts_at"}),
    ({"starts_at": after(100), "ends_at": after(99)}, {"ends_at"}),
    ({"soft_close": SoftClose(3_601, -1, 101)}, {"window_s", "extend_s", "extensions_max"}),
    ({"starting_price": 0, "ends_at": None}, {"starting_price", "ends_at"}),
]


@pytest.mark.parametrize(("offer", "fields"), OUT_OF_BOUNDS)
def test_every_field_out_of_bounds_is_named(offer: OfferFields, fields: set[str]) -> None:
    with pytest.raises(InvalidError) as caught:
        make(**offer)
    assert caught.value.code == "INVALID"
    assert {fault.field.removeprefix("soft_close.") for fault in caught.value.faults} == fields


@pytest.mark.parametrize(
    "offer",
    [
        {"starting_price": 10**12},
        {"reserve_price": 1_000},
        {"reserve_price": 3_000, "buy_now_price": 3_000},
        {"buy_now_price": 1_001},
        {"ends_at": after(5)},
        {"starts_at": after(90 * DAY), "ends_at": after(180 * DAY)},
        {"soft_close": SoftClose(3_600, 3_600, 100)},
    ],
)
def test_the_bounds_themselves_are_allowed(offer: OfferFields) -> None:
    make(**offer)
