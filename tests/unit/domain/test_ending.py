"""Rules 12 to 14 and 16: start, soft close, close, cancel."""

import pytest

from app.domain.terms import SoftClose
from tests.unit.domain.builders import ANN, BOB, CEM, SELLER, Lane, after

END, DAY = 3_600, 86_400


@pytest.mark.parametrize(
    ("at", "end", "extensions"),
    [
        (END - 120, END, 0),  # exactly the window is left: not less than it
        (END - 119.999, END + 0.001, 1),
        (END - 1, END + 119, 1),
        (END - 0.001, END + 119.999, 1),
    ],
)
def test_a_change_with_less_than_the_window_left_extends(
    at: float, end: float, extensions: int
) -> None:
    lane = Lane()
    outcome = lane.bid(ANN, 2_000, at=at)
    assert (outcome.ends_at, lane.auction.extensions) == (after(end), extensions)


@pytest.mark.parametrize(("at", "end"), [(END - 60, END), (END - 59.999, END + 60.001)])
def test_a_bid_exactly_at_the_window_does_not_extend(at: float, end: float) -> None:
    lane = Lane(soft_close=SoftClose(window_s=60, extend_s=120, extensions_max=30))
    assert lane.bid(ANN, 2_000, at=at).ends_at == after(end)


def test_a_bid_and_its_automatic_answer_extend_once() -> None:
    lane = Lane()
    lane.bid(ANN, 5_000, "max", at=1)
    lane.bid(BOB, 2_000, at=END - 10)
    assert (lane.auction.ends_at, lane.auction.extensions) == (after(END + 110), 1)


def test_a_raise_of_the_own_maximum_does_not_extend() -> None:
    lane = Lane()
    lane.bid(ANN, 2_000, at=1)
    lane.bid(ANN, 5_000, at=END - 1)
    assert (lane.auction.ends_at, lane.auction.extensions) == (after(END), 0)


def test_a_refused_bid_does_not_extend() -> None:
    lane = Lane()
    lane.bid(ANN, 1, at=END - 1)
    assert lane.auction.ends_at == after(END)


def test_extensions_end_at_the_last_end_and_count_when_later() -> None:
    lane = Lane(soft_close=SoftClose(window_s=100, extend_s=100, extensions_max=2))
    steps = [(ANN, 2_000, -50, 50, 1), (BOB, 3_000, 49, 149, 2), (ANN, 4_000, 140, 200, 3)]
    steps.append((BOB, 5_000, 199, 200, 3))
    for bidder_id, amount, at, ends_at, extensions in steps:
        lane.bid(bidder_id, amount, at=END + at)
        assert lane.auction.ends_at == after(END + ends_at)
        assert lane.auction.extensions == extensions
    assert lane.code(CEM, 9_000, at=END + 200) == "CLOSED"


def test_an_extension_shorter_than_what_is_left_never_shortens() -> None:
    lane = Lane(soft_close=SoftClose(window_s=100, extend_s=10, extensions_max=30))
    lane.bid(ANN, 2_000, at=END - 50)
    assert (lane.auction.ends_at, lane.auction.extensions) == (after(END), 0)
    lane.bid(BOB, 3_000, at=END - 5)
    assert (lane.auction.ends_at, lane.auction.extensions) == (after(END + 5), 1)


def test_a_live_auction_extends_in_steps_of_ten_seconds() -> None:
    lane = Lane(mode="live", ends_at=None)
    assert lane.bid(ANN, 2_000, at=20).ends_at == after(30)
    assert lane.bid(BOB, 3_000, at=21).ends_at == after(31)
    assert lane.auction.extensions == 1


def test_a_live_auction_ends_within_15_minutes() -> None:
    lane = Lane(mode="live", ends_at=None)
    at = 29.0
    for n in range(200):
        lane.bid((ANN, BOB)[n % 2], lane.auction.minimum, at=at)
        at = min(at + 9, 899)
    assert lane.auction.ends_at == after(900)
    assert lane.code(CEM, 10**6, at=900) == "CLOSED"


def test_a_start_opens_once_and_not_early() -> None:
    lane = Lane(starts_at=after(60))
    moments = (59.999, 60, 61)
    seen = [(lane.start(at=at).effect, lane.auction.status) for at in moments]
    assert seen == [("void", "scheduled"), ("opened", "open"), ("void", "open")]


def test_a_start_after_a_bid_that_opened_is_void() -> None:
    lane = Lane(starts_at=after(60))
    lane.bid(ANN, 2_000, at=60)
    assert lane.start(at=61).effect == "void"


def test_a_start_never_reopens() -> None:
    lane = Lane(starts_at=after(60))
    lane.cancel(at=1)
    assert lane.start(at=60).effect == "void"
    assert lane.auction.status == "cancelled"


@pytest.mark.parametrize(
    ("at", "effect"), [(END - 0.001, "void"), (END, "sold"), (END + 9, "sold")]
)
def test_a_close_takes_effect_at_or_after_the_end(at: float, effect: str) -> None:
    lane = Lane()
    lane.bid(ANN, 2_000)
    assert lane.close(at=at).effect == effect
    assert lane.auction.closed_at == (None if effect == "void" else after(END))


def test_the_leader_wins_at_the_price() -> None:
    lane = Lane()
    lane.bid(ANN, 9_000, "max")
    lane.bid(BOB, 5_000)
    lane.close(at=END)
    auction = lane.auction
    assert (auction.status, auction.winner_id, auction.winning_amount) == ("closed", ANN, 5_100)


def test_a_close_due_before_an_extension_is_void() -> None:
    lane = Lane()
    lane.bid(ANN, 2_000, at=END - 1)
    assert lane.close(at=END).effect == "void"
    assert lane.bid(BOB, 3_000, at=END).code is None
    assert lane.close(at=END + 120).effect == "sold"
    assert lane.close(at=END + 121).effect == "void"
    assert lane.auction.closed_at == after(END + 120)


def test_without_a_bid_or_with_the_reserve_not_met_it_is_unsold() -> None:
    lane = Lane()
    assert lane.close(at=END).effect == "unsold"
    assert (lane.auction.status, lane.auction.winner_id) == ("closed", None)
    lane = Lane(reserve_price=5_000)
    lane.bid(ANN, 4_000)
    assert lane.close(at=END).effect == "unsold"
    assert (lane.auction.winner_id, lane.auction.winning_amount) == (None, None)


def test_a_close_of_an_auction_that_never_opened_is_void() -> None:
    lane = Lane(starts_at=after(60))
    assert lane.close(at=END).effect == "void"
    assert lane.start(at=END + 1).effect == "opened"
    assert lane.close(at=END + 2).effect == "unsold"


def test_a_seller_cancels_freely_without_an_accepted_bid() -> None:
    lane = Lane()
    lane.bid(ANN, 1)
    assert lane.cancel(at=END - 1, reason=None).effect == "cancelled"
    assert (lane.auction.status, lane.auction.closed_at) == ("cancelled", after(END - 1))
    assert lane.auction.winner_id is None


@pytest.mark.parametrize(
    ("at", "reason", "code"),
    [
        (DAY / 2, "broken", None),
        (DAY / 2 + 0.001, "broken", "CANCEL_TOO_LATE"),
        (DAY / 2, None, "INVALID"),
        (DAY / 2, "", "INVALID"),
        (DAY - 1, None, "CANCEL_TOO_LATE"),
        (DAY, "broken", "CLOSED"),
    ],
)
def test_with_a_bid_only_12_hours_ahead_and_with_a_reason(
    at: float, reason: str | None, code: str | None
) -> None:
    lane = Lane(ends=DAY)
    lane.bid(ANN, 2_000)
    decision = lane.cancel(at=at, reason=reason)
    assert (decision.code, decision.effect == "cancelled") == (code, code is None)


def test_only_the_seller_cancels_and_only_once() -> None:
    lane = Lane()
    assert lane.cancel(at=1, actor_id=ANN).code == "FORBIDDEN"
    assert lane.cancel(at=1, actor_id=SELLER).effect == "cancelled"
    assert lane.cancel(at=2, actor_id=SELLER).code == "CLOSED"
    assert lane.auction.closed_at == after(1)


def test_a_cancelled_auction_accepts_neither_bid_nor_close() -> None:
    lane = Lane()
    lane.cancel(at=1)
    assert lane.code(ANN, 2_000, at=2) == "CLOSED"
    assert lane.close(at=END).effect == "void"
    assert lane.auction.status == "cancelled"
