"""Limits, blocks and voids (rule 20)."""

import json

import pytest

from app.domain.decision_log import verify_chain
from app.domain.ledger import DecidedBid, DecidedControl, RepeatedBid
from app.domain.records import BidKind
from tests.unit.domain.builders import ANN, BOB, CEM, SELLER, Lane, after
from tests.unit.domain.test_ledger import lines_of
from tests.unit.domain.test_notices import kinds_and_users, notices_from

HOUR = 3_600


def test_a_bid_above_the_limit_is_over_limit() -> None:
    lane = Lane()
    assert lane.code(ANN, 5_001, limit=5_000) == "OVER_LIMIT"
    assert lane.auction.leader_id is None
    assert lane.code(ANN, 5_000, limit=5_000) is None


def test_a_limit_below_the_leading_maximum_keeps_the_lead() -> None:
    lane = Lane()
    lane.bid(ANN, 9_000, "max", limit=10_000)
    assert lane.code(ANN, 9_500, limit=5_000) == "OVER_LIMIT"
    assert lane.code(BOB, 8_000, limit=10_000) is None
    assert (lane.auction.leader_id, lane.auction.leader_maximum) == (ANN, 9_000)


def test_a_blocked_bidder_is_refused_and_may_bid_once_unblocked() -> None:
    lane = Lane()
    assert lane.code(ANN, 2_000, blocked=True) == "BLOCKED"
    assert lane.code(ANN, 2_000) is None


@pytest.mark.parametrize(
    ("bidder_id", "amount", "fields", "code"),
    [
        (SELLER, 9**9, {"blocked": True}, "OWN_AUCTION"),
        (ANN, 9**9, {"blocked": True, "limit": 1}, "BLOCKED"),
        (ANN, 9**9, {"limit": 1, "confirm": False}, "OVER_LIMIT"),
        (ANN, 1, {"limit": 1}, "TOO_LOW"),
    ],
)
def test_the_right_to_bid_is_checked_before_the_confirmation(
    bidder_id: int, amount: int, fields: dict[str, object], code: str
) -> None:
    assert Lane().code(bidder_id, amount, **fields) == code  # type: ignore[arg-type]


def test_a_repeat_keeps_its_outcome_when_the_right_changes() -> None:
    lane = Lane()
    first = lane.bid(ANN, 2_000, key="a", limit=5_000)
    entry = lane.place(ANN, 2_000, key="a", limit=1, blocked=True)
    assert isinstance(entry, RepeatedBid)
    assert entry.outcome == first


def bids(lane: Lane, *placed: tuple[int, int, BidKind]) -> None:
    for bid in placed:
        assert lane.code(*bid[:2]) is None if bid[2] == "exact" else lane.bid(*bid).code is None


def test_voiding_the_leader_restores_the_earlier_lead() -> None:
    lane = Lane()
    bids(lane, (ANN, 5_000, "max"), (BOB, 3_000, "exact"), (CEM, 10**9, "exact"))
    assert (lane.auction.price, lane.auction.leader_id) == (10**9, CEM)
    decision = lane.void(CEM)
    after_it = lane.auction
    assert (decision.effect, decision.new_leader_id) == ("bids_voided", ANN)
    assert (after_it.price, after_it.leader_id, after_it.leader_maximum) == (3_100, ANN, 5_000)
    assert after_it.bid_count == 4
    assert lane.bid(BOB, 3_200).seq == 5


def test_voiding_an_outbid_bidder_lowers_the_price() -> None:
    lane = Lane()
    bids(lane, (ANN, 50_000, "max"), (BOB, 2_000, "exact"), (CEM, 40_000, "exact"))
    decision = lane.void(CEM)
    assert decision.new_leader_id is None
    assert (lane.auction.price, lane.auction.leader_id) == (2_100, ANN)


def test_after_a_void_of_the_only_bidder_it_is_as_without_a_bid() -> None:
    lane = Lane(buy_now_price=9_000)
    bids(lane, (ANN, 5_000, "exact"))
    assert lane.auction.buy_now_price is None
    lane.void(ANN)
    after_it = lane.auction
    assert (after_it.price, after_it.minimum, after_it.leader_id) == (1_000, 1_000, None)
    assert after_it.buy_now_price == 9_000
    assert lane.cancel(HOUR - 1, reason=None).effect == "cancelled"


def test_the_reserve_is_folded_where_it_was_lowered() -> None:
    """Ann's 6,000 covered the lowered reserve only once it was lowered; Bob was in between."""
    lane = Lane(reserve_price=8_000)
    bids(lane, (ANN, 6_000, "max"), (BOB, 9_000, "exact"))
    lane.lower_reserve(4_000)
    lane.void(BOB)
    assert (lane.auction.price, lane.auction.reserve_state) == (4_000, "met")


def test_a_voided_bidder_may_bid_no_more_and_the_others_may() -> None:
    lane = Lane()
    bids(lane, (ANN, 2_000, "exact"))
    lane.void(ANN)
    assert lane.code(ANN, 3_000) == "BLOCKED"
    assert lane.code(BOB, 1_000) is None


def test_outcomes_that_were_given_stay_as_they_were_given() -> None:
    lane = Lane()
    first = lane.bid(ANN, 2_000, key="a")
    lane.void(ANN)
    entry = lane.place(ANN, 2_000, key="a")
    assert isinstance(entry, RepeatedBid)
    assert entry.outcome == first


@pytest.mark.parametrize(
    ("at", "code"), [(9, "NOT_STARTED"), (10, None), (HOUR - 0.001, None), (HOUR, "CLOSED")]
)
def test_a_void_takes_effect_from_the_start_until_the_end(at: float, code: str | None) -> None:
    lane = Lane(starts_at=after(10))
    assert lane.void(ANN, at=at).code == code
    assert lane.auction.voided_ids == (frozenset() if code else {ANN})


def test_a_void_of_a_closed_auction_changes_nothing() -> None:
    lane = Lane()
    bids(lane, (ANN, 2_000, "exact"))
    lane.close(at=HOUR)
    sold = lane.auction
    assert lane.void(ANN, at=HOUR).code == "CLOSED"
    assert lane.auction.winner_id == sold.winner_id == ANN


def test_a_second_void_of_the_same_bidder_is_refused() -> None:
    lane = Lane()
    lane.void(ANN)
    decision = lane.void(ANN)
    assert (decision.effect, decision.code) == ("refused", "ALREADY_VOIDED")


def test_a_void_that_changes_the_price_extends_the_end() -> None:
    lane = Lane()
    bids(lane, (ANN, 2_000, "exact"), (BOB, 3_000, "exact"))
    lane.void(CEM, at=HOUR - 30)
    assert (lane.auction.ends_at, lane.auction.extensions) == (after(HOUR), 0)
    lane.void(BOB, at=HOUR - 30)
    assert (lane.auction.ends_at, lane.auction.extensions) == (after(HOUR + 90), 1)


def test_only_the_voided_bidder_and_new_leader_are_notified() -> None:
    lane = Lane()
    bids(lane, (ANN, 2_000, "exact"), (BOB, 2_500, "exact"), (CEM, 3_000, "exact"))
    del lane.entries[:]
    lane.void(CEM)
    lane.void(ANN)
    lane.void(CEM)
    notices = notices_from(lane)
    assert kinds_and_users(notices) == [("voided", CEM), ("leading", BOB), ("voided", ANN)]
    assert notices[0].params == {"reason": "a stolen card"}
    assert notices[1].params == {"price": 2_500, "currency": "KRW"}


def test_a_voided_bidder_is_not_notified_of_the_end() -> None:
    lane = Lane()
    bids(lane, (ANN, 2_000, "exact"), (BOB, 2_500, "exact"))
    lane.void(BOB)
    lane.close(at=HOUR)
    assert kinds_and_users(notices_from(lane))[-2:] == [("sold", SELLER), ("won", ANN)]


def test_the_chain_names_voided_and_leader_by_alias() -> None:
    lane = Lane()
    bids(lane, (ANN, 2_000, "exact"), (BOB, 2_500, "exact"))
    lane.void(BOB)
    lane.void(CEM)
    verify_chain(lines_of(lane), lane.auction.chain)
    voided, of_unknown = (json.loads(line.body) for line in lines_of(lane)[-2:])
    assert (voided["type"], voided["alias"], voided["amount"]) == ("void", 2, None)
    assert voided["decision"] == {
        "effect": "bids_voided", "code": None, "price": 2_000, "winner": None, "leader": 1,
        "ends_at": "2026-11-23T13:00:00.000Z",
    }  # fmt: skip
    assert (of_unknown["alias"], of_unknown["decision"]["leader"]) == (None, 1)
    assert "a stolen card" not in lines_of(lane)[-2].body


def test_a_blocked_bid_gets_an_alias_as_every_decided_bid_does() -> None:
    lane = Lane()
    entry = lane.place(ANN, 2_000, blocked=True)
    assert isinstance(entry, DecidedBid)
    assert entry.alias == 1
    assert isinstance(lane.entries[0], DecidedBid | DecidedControl)
