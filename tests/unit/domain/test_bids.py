"""The effects of one bid: rules 2 to 9 and 15, and the order of the checks."""

import pytest

from app.domain.records import BidKind
from app.domain.rules import Rules
from tests.unit.domain.builders import ANN, BOB, CEM, SELLER, Lane, after, make

Bid = tuple[int, int, BidKind]
# Who bid what, and then: price, leader, hidden maximum, accepted rows.
CONTESTS: dict[str, tuple[list[Bid], int, int, int, int]] = {
    "a first exact bid is the price": ([(ANN, 5_000, "exact")], 5_000, ANN, 5_000, 1),
    "a first max bid leads at the starting price": ([(ANN, 5_000, "max")], 1_000, ANN, 5_000, 1),
    "the starting price itself will do": ([(ANN, 1_000, "exact")], 1_000, ANN, 1_000, 1),
    "exact above the maximum: the amount": (
        [(ANN, 2_000, "max"), (BOB, 3_333, "exact")], 3_333, BOB, 3_333, 2,
    ),
    "max above the maximum: one step above it": (
        [(ANN, 2_000, "max"), (BOB, 3_000, "max")], 2_100, BOB, 3_000, 2,
    ),
    "max less than a step above: the amount": (
        [(ANN, 2_000, "max"), (BOB, 2_001, "max")], 2_001, BOB, 2_001, 2,
    ),
    "the step is that at the old maximum": (
        [(ANN, 10_000, "max"), (BOB, 50_000, "max")], 11_000, BOB, 50_000, 2,
    ),
    "below the maximum: one step above the amount": (
        [(ANN, 5_000, "max"), (BOB, 2_000, "exact")], 2_100, ANN, 5_000, 3,
    ),
    "below by less than a step: the maximum": (
        [(ANN, 5_000, "max"), (BOB, 4_950, "max")], 5_000, ANN, 5_000, 3,
    ),
    "a tie goes to the earlier": (
        [(ANN, 5_000, "max"), (BOB, 5_000, "exact")], 5_000, ANN, 5_000, 3,
    ),
    "the leader raises: neither price nor rows of others": (
        [(ANN, 2_000, "exact"), (ANN, 9_000, "exact")], 2_000, ANN, 9_000, 2,
    ),
    "a raise needs no step": (
        [(ANN, 2_000, "max"), (ANN, 2_001, "max")], 1_000, ANN, 2_001, 2,
    ),
    "an exact leader who raised is a proxy from then on": (
        [(ANN, 2_000, "exact"), (ANN, 9_000, "exact"), (BOB, 3_000, "exact")], 3_100, ANN, 9_000, 4,
    ),
    "three of them": (
        [(ANN, 5_000, "max"), (BOB, 3_000, "max"), (CEM, 7_000, "max"), (BOB, 6_000, "exact")],
        6_100, CEM, 7_000, 6,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CONTESTS)
def test_a_contest_has_its_price_and_leader(name: str) -> None:
    bids, price, leader_id, maximum, rows = CONTESTS[name]
    lane = Lane()
    outcomes = [lane.bid(*bid) for bid in bids]
    auction = lane.auction
    assert {outcome.status for outcome in outcomes} == {"accepted"}
    assert (auction.price, auction.leader_id, auction.leader_maximum) == (price, leader_id, maximum)
    assert auction.bid_count == rows
    assert outcomes[-1].standing == ("leading" if bids[-1][0] == leader_id else "outbid")


def test_the_outcome_is_the_auction_right_after_the_bid() -> None:
    lane = Lane()
    lane.bid(ANN, 5_000, "max")
    outcome = lane.bid(BOB, 2_000, at=2)
    assert (outcome.seq, outcome.price, outcome.minimum_next_bid) == (2, 2_100, 2_200)
    assert (outcome.ends_at, outcome.decided_at, outcome.code) == (after(3_600), after(2), None)


def test_a_challenge_is_answered_by_an_automatic_bid() -> None:
    lane = Lane()
    lane.bid(ANN, 5_000, "max")
    decision = lane.decision(BOB, 2_000)
    automatic = decision.automatic
    assert automatic is not None
    assert (automatic.bidder_id, automatic.amount, automatic.seq) == (ANN, 2_100, 3)
    assert decision.displaced_id is None
    assert (lane.auction.price, lane.auction.leader_id, lane.auction.bid_count) == (2_100, ANN, 3)


def test_a_new_leader_gets_no_automatic_bid() -> None:
    lane = Lane()
    lane.bid(ANN, 2_000)
    decision = lane.decision(BOB, 3_000)
    assert (decision.displaced_id, decision.automatic) == (ANN, None)


def test_others_see_the_public_amount_only() -> None:
    lane = Lane()
    assert lane.decision(ANN, 5_000, "max").public_amount == 1_000
    assert lane.decision(BOB, 2_000, "max").public_amount == 2_000
    assert lane.decision(ANN, 9_000, "max").public_amount == 2_100
    assert lane.decision(BOB, 100).public_amount is None


@pytest.mark.parametrize(("amount", "code"), [(2_099, "TOO_LOW"), (2_100, None), (2_101, None)])
def test_the_minimum_is_one_step_above_the_price(amount: int, code: str | None) -> None:
    lane = Lane()
    lane.bid(ANN, 2_000)
    assert lane.code(BOB, amount) == code


def test_the_minimum_without_a_bid_is_the_starting_price() -> None:
    assert Lane().code(ANN, 999) == "TOO_LOW"


@pytest.mark.parametrize("amount", [1, 4_999, 5_000])
def test_the_leader_must_exceed_the_own_maximum(amount: int) -> None:
    lane = Lane()
    lane.bid(ANN, 5_000, "max")
    assert lane.code(ANN, amount) == "NOT_ABOVE_OWN_MAXIMUM"


def test_the_seller_cannot_bid() -> None:
    assert Lane().code(SELLER, 5_000) == "OWN_AUCTION"


@pytest.mark.parametrize(
    ("at", "code"),
    [(59.999, "NOT_STARTED"), (60, None), (3_599.999, None), (3_600, "CLOSED"), (9_999, "CLOSED")],
)
def test_a_bid_is_in_time_from_the_start_to_before_the_end(at: float, code: str | None) -> None:
    assert Lane(starts_at=after(60)).code(ANN, 5_000, at=at) == code


@pytest.mark.parametrize(("at", "status"), [(59, "scheduled"), (60, "open"), (3_600, "open")])
@pytest.mark.parametrize("bidder_id", [ANN, SELLER])
def test_a_bid_after_the_start_opens_the_auction_even_if_refused(
    at: float, status: str, bidder_id: int
) -> None:
    lane = Lane(starts_at=after(60))
    lane.bid(bidder_id, 1, at=at)
    assert lane.auction.status == status


def test_closed_is_checked_before_not_started() -> None:
    lane = Lane(starts_at=after(60))
    lane.cancel(at=1)
    assert lane.code(ANN, 5_000, at=2) == "CLOSED"


def test_a_log_time_that_steps_back_uses_the_last_decision_time() -> None:
    lane = Lane(starts_at=after(60))
    lane.bid(ANN, 5_000, at=61)
    outcome = lane.bid(BOB, 6_000, at=1)
    assert (outcome.code, outcome.decided_at) == (None, after(61))


@pytest.mark.parametrize(
    ("amount", "code"), [(5_000, None), (5_001, "CONFIRM_NEEDED"), (10**12, "CONFIRM_NEEDED")]
)
def test_more_than_five_times_the_price_needs_confirmation(amount: int, code: str | None) -> None:
    assert Lane().code(ANN, amount, confirm=False) == code
    assert Lane().code(ANN, amount, confirm=True) is None


def test_confirmation_depends_on_the_price_not_the_minimum() -> None:
    lane = Lane()
    lane.bid(ANN, 2_000)
    assert lane.code(BOB, 10_001, confirm=False) == "CONFIRM_NEEDED"
    assert lane.code(BOB, 10_000, confirm=False) is None


@pytest.mark.parametrize(("starting_price", "first_raise"), [(1, 101), (12, 112), (24, 124)])
def test_the_minimum_needs_no_confirmation(starting_price: int, first_raise: int) -> None:
    lane = Lane(starting_price=starting_price)
    lane.bid(ANN, starting_price)
    assert lane.code(BOB, first_raise + 1, confirm=False) == "CONFIRM_NEEDED"
    assert lane.code(BOB, first_raise - 1, confirm=False) == "TOO_LOW"
    assert lane.code(BOB, first_raise, confirm=False) is None


def test_the_minimum_needs_confirmation_when_it_buys_now() -> None:
    lane = Lane(starting_price=1, reserve_price=50, buy_now_price=101)
    lane.bid(ANN, 1)
    assert lane.code(BOB, 101, confirm=False) == "CONFIRM_NEEDED"


def test_rules_1_need_confirmation_of_the_minimum_too() -> None:
    lane = Lane(make(rules=Rules(version=1), starting_price=1))
    lane.bid(ANN, 1)
    assert lane.code(BOB, 101, confirm=False) == "CONFIRM_NEEDED"
    assert lane.code(BOB, 100, confirm=False) == "CONFIRM_NEEDED"


def test_a_refusal_changes_nothing_but_the_decision_time() -> None:
    lane = Lane()
    lane.bid(ANN, 2_000, at=1)
    before = lane.auction
    decision = lane.decision(ANN, 1_500, at=2)
    assert (decision.displaced_id, decision.automatic) == (None, None)
    now = lane.auction
    assert (now.price, now.leader_id, now.bid_count) == (before.price, ANN, 1)
    assert (now.ends_at, now.decided_at) == (before.ends_at, after(2))


def test_deciding_a_bid_does_not_raise_the_version() -> None:
    lane = Lane()
    lane.bid(ANN, 2_000)
    assert lane.auction.version == 0


def test_the_checks_are_made_in_order() -> None:
    """Each bid breaks its own rule and every later one."""
    lane = Lane(starts_at=after(60), buy_now_price=3_000)
    assert lane.code(SELLER, 9_999, at=59, confirm=False) == "NOT_STARTED"
    assert lane.code(SELLER, 9_999, at=61, confirm=False) == "OWN_AUCTION"
    assert lane.code(ANN, 9_999, at=61, confirm=False) == "CONFIRM_NEEDED"
    lane.bid(ANN, 2_000, at=61)
    assert lane.code(ANN, 2_000, at=61) == "NOT_ABOVE_OWN_MAXIMUM"
    assert lane.code(BOB, 2_000, at=61) == "TOO_LOW"
    assert lane.code(SELLER, 1, at=3_600) == "CLOSED"


def test_just_below_the_largest_amount_only_the_leader_may_bid() -> None:
    lane = Lane(starting_price=10**12 - 1)
    assert lane.bid(ANN, 10**12 - 1).minimum_next_bid is None
    assert lane.auction.minimum_next_bid is None
    assert lane.code(BOB, 10**12) == "TOO_LOW"
    assert lane.code(ANN, 10**12) is None


@pytest.mark.parametrize(
    ("price", "minimum"), [(10**12 - 500_000, 10**12), (10**12 - 499_999, None)]
)
def test_the_largest_amount_is_the_last_minimum(price: int, minimum: int | None) -> None:
    lane = Lane(starting_price=price)
    assert lane.bid(ANN, price).minimum_next_bid == lane.auction.minimum_next_bid == minimum


def test_rules_1_name_a_minimum_above_the_largest_amount() -> None:
    lane = Lane(make(rules=Rules(version=1), starting_price=10**12))
    assert lane.bid(ANN, 10**12).minimum_next_bid == 10**12 + 500_000
    assert lane.auction.minimum_next_bid is None, "what is shown is not frozen"


def test_the_factor_is_a_setting_of_the_auction() -> None:
    lane = Lane(make(rules=Rules(confirm_factor=2)))
    assert lane.code(ANN, 2_001, confirm=False) == "CONFIRM_NEEDED"


def test_dollars_step_in_cents() -> None:
    lane = Lane(currency="USD", starting_price=99)
    lane.bid(ANN, 99)
    assert lane.auction.minimum_next_bid == 104
    lane.bid(BOB, 104)
    assert lane.auction.minimum_next_bid == 129


def test_an_open_auction_has_started_for_a_slow_broker_clock() -> None:
    lane = Lane()
    first = lane.bid(ANN, 2_000, at=-0.5)
    assert (first.status, first.decided_at) == ("accepted", after(0))
    assert lane.bid(BOB, 3_000, at=-0.4).decided_at == after(0)
    assert lane.bid(CEM, 4_000, at=1).decided_at == after(1)
