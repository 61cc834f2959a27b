"""Rules 10 and 11: the hidden reserve, lowering it, buying now."""

import pytest

from tests.unit.domain.builders import ANN, BOB, CEM, SELLER, Lane, after


def test_only_the_state_of_the_reserve_shows() -> None:
    assert Lane().auction.reserve_state == "none"
    lane = Lane(reserve_price=5_000)
    assert lane.auction.reserve_state == "not_met"
    lane.bid(ANN, 4_999, "max")
    assert (lane.auction.reserve_state, lane.auction.price) == ("not_met", 1_000)
    lane.bid(BOB, 5_000, "max")
    assert (lane.auction.reserve_state, lane.auction.price) == ("met", 5_000)


def test_a_reserve_at_the_starting_price_needs_a_bid() -> None:
    assert Lane(reserve_price=1_000).auction.reserve_state == "not_met"


def test_a_first_max_bid_above_the_reserve_pays_the_reserve() -> None:
    lane = Lane(reserve_price=5_000)
    decision = lane.decision(ANN, 9_000, "max")
    assert (decision.outcome.price, decision.public_amount) == (5_000, 5_000)
    assert decision.automatic is None


def test_an_exact_bid_above_the_reserve_pays_its_amount() -> None:
    assert Lane(reserve_price=5_000).bid(ANN, 6_000).price == 6_000


def test_a_leader_who_raises_above_the_reserve_pays_and_extends() -> None:
    lane = Lane(reserve_price=5_000)
    lane.bid(ANN, 3_000, "max")
    assert lane.bid(ANN, 4_000, at=3_599).ends_at == after(3_600)
    decision = lane.decision(ANN, 7_000, at=3_599)
    assert decision.displaced_id is None
    assert (decision.outcome.price, decision.outcome.ends_at) == (5_000, after(3_719))
    assert lane.auction.extensions == 1


def test_a_lower_reserve_moves_the_price_if_the_leader_covers_it() -> None:
    lane = Lane(reserve_price=9_000)
    lane.bid(ANN, 5_000, "max")
    assert lane.lower_reserve(4_000).effect == "reserve_lowered"
    auction = lane.auction
    assert (auction.price, auction.reserve_state, auction.reserve_lowered) == (4_000, "met", True)
    assert (auction.bid_count, auction.terms.reserve_price) == (1, 9_000)

    lane = Lane(reserve_price=9_000)
    lane.bid(ANN, 5_000, "max")
    lane.lower_reserve(6_000)
    assert (lane.auction.price, lane.auction.reserve_state) == (1_000, "not_met")


def test_lowering_never_lowers_the_price_nor_extends() -> None:
    lane = Lane(reserve_price=9_000)
    lane.bid(ANN, 5_000, "exact")
    lane.lower_reserve(2_000, at=3_599)
    assert (lane.auction.price, lane.auction.ends_at) == (5_000, after(3_600))


@pytest.mark.parametrize("reserve_price", [999, 5_000, 5_001])
def test_a_reserve_must_fall_and_not_below_the_starting_price(
    reserve_price: int,
) -> None:
    decision = Lane(reserve_price=5_000).lower_reserve(reserve_price)
    assert (decision.effect, decision.code) == ("refused", "RESERVE_INVALID")


def test_the_reserve_is_lowered_once_and_only_if_there_is_one() -> None:
    lane = Lane(reserve_price=5_000)
    lane.lower_reserve(4_000)
    assert lane.lower_reserve(3_000).code == "RESERVE_INVALID"
    assert lane.auction.reserve_price == 4_000
    assert Lane().lower_reserve(2_000).code == "RESERVE_INVALID"


def test_a_refused_lowering_does_not_count_as_the_one_allowed() -> None:
    lane = Lane(reserve_price=5_000)
    lane.lower_reserve(6_000)
    assert lane.lower_reserve(1_000).effect == "reserve_lowered"


def test_lowering_is_for_the_seller_and_before_the_end() -> None:
    lane = Lane(reserve_price=5_000, starts_at=after(60))
    assert lane.lower_reserve(4_000, actor_id=ANN).code == "FORBIDDEN"
    assert lane.lower_reserve(4_000, at=3_600).code == "CLOSED"
    lane = Lane(reserve_price=5_000, starts_at=after(60))
    assert lane.lower_reserve(4_000, at=1).effect == "reserve_lowered"
    assert lane.auction.status == "scheduled"


def test_buying_now_ends_the_auction_at_that_price() -> None:
    lane = Lane(buy_now_price=8_000)
    decision = lane.decision(ANN, 9_500, at=3_599)
    outcome = decision.outcome
    assert (outcome.standing, outcome.seq, outcome.price) == ("leading", 1, 8_000)
    assert (decision.bought, decision.public_amount, decision.automatic) == (True, 8_000, None)
    auction = lane.auction
    assert (auction.status, auction.winner_id, auction.winning_amount) == ("closed", ANN, 8_000)
    assert auction.ends_at == auction.closed_at == outcome.ends_at == after(3_599)
    assert (auction.extensions, auction.bid_count) == (0, 1)
    assert lane.code(BOB, 9_999, at=3_599) == "CLOSED"
    assert lane.close(at=3_600).effect == "void"


def test_buying_now_needs_confirmation() -> None:
    lane = Lane(buy_now_price=2_000)
    assert lane.code(ANN, 2_000, confirm=False) == "CONFIRM_NEEDED"
    assert lane.code(ANN, 1_999, confirm=False) is None


def test_without_a_reserve_a_bid_removes_buy_now() -> None:
    lane = Lane(buy_now_price=2_000)
    lane.bid(ANN, 1_500)
    decision = lane.decision(BOB, 2_500, confirm=False)
    assert (decision.bought, decision.outcome.price) == (False, 2_500)


def offered(lane: Lane) -> int | None:
    return lane.auction.buy_now_price


def test_buy_now_is_offered_until_the_first_bid() -> None:
    lane = Lane(buy_now_price=2_000, starts_at=after(60))
    assert offered(lane) == 2_000
    assert lane.code(SELLER, 1_500, at=61) == "OWN_AUCTION"
    assert offered(lane) == 2_000
    lane.bid(ANN, 1_500, at=61)
    assert offered(lane) is None


def test_buy_now_is_offered_until_the_reserve_is_met() -> None:
    lane = Lane(reserve_price=4_000, buy_now_price=5_000)
    lane.bid(ANN, 3_999)
    assert offered(lane) == 5_000
    lane.bid(ANN, 4_000)
    assert offered(lane) is None


def test_nothing_can_be_bought_after_the_end() -> None:
    closed, cancelled = Lane(buy_now_price=5_000), Lane(buy_now_price=5_000)
    assert closed.close(at=3_600).effect == "unsold"
    assert cancelled.cancel(at=1).effect == "cancelled"
    assert offered(closed) is None
    assert offered(cancelled) is None


def test_with_a_reserve_buy_now_stays_until_it_is_met() -> None:
    lane = Lane(reserve_price=4_000, buy_now_price=5_000)
    lane.bid(ANN, 3_000)
    lane.bid(BOB, 3_900, "max")
    decision = lane.decision(CEM, 5_000)
    assert (decision.bought, decision.displaced_id) == (True, BOB)
    assert lane.auction.bid_count == 3

    lane = Lane(reserve_price=4_000, buy_now_price=5_000)
    lane.bid(ANN, 4_000, "max")
    assert not lane.decision(BOB, 6_000).bought


def test_a_reserve_lowered_under_the_maximum_ends_buy_now() -> None:
    lane = Lane(reserve_price=4_000, buy_now_price=5_000)
    lane.bid(ANN, 3_000, "max")
    lane.lower_reserve(2_000)
    assert not lane.decision(BOB, 6_000).bought


def test_the_present_leader_may_buy_now() -> None:
    lane = Lane(reserve_price=4_000, buy_now_price=5_000)
    lane.bid(ANN, 3_900, "max")
    decision = lane.decision(ANN, 5_000)
    assert (decision.bought, decision.displaced_id) == (True, None)
    assert (lane.auction.winner_id, lane.auction.price) == (ANN, 5_000)


def test_buy_now_may_be_below_the_minimum() -> None:
    lane = Lane(reserve_price=4_000, buy_now_price=4_000)
    lane.bid(ANN, 3_950)
    assert lane.auction.minimum_next_bid == 4_050
    assert lane.decision(BOB, 4_000).bought


def test_the_seller_cannot_buy() -> None:
    assert Lane(buy_now_price=2_000).code(SELLER, 2_000) == "OWN_AUCTION"
