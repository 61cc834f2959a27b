"""Notices and their recipients (rule 19)."""

from collections.abc import Mapping
from datetime import datetime

import pytest

from app.domain.notice import Notice, NoticeKind
from app.domain.notices import notices_of
from tests.unit.domain.builders import ANN, AUCTION, BOB, CEM, SELLER, Lane, after

END = 3_600


def notices_from(
    lane: Lane,
    *,
    earlier_bidder_ids: tuple[int, ...] = (),
    last_outbid_at: Mapping[int, datetime] | None = None,
) -> list[Notice]:
    return list(
        notices_of(
            lane.auction,
            lane.entries,
            earlier_bidder_ids=earlier_bidder_ids,
            last_outbid_at=last_outbid_at or {},
        )
    )


def kinds_and_users(notices: list[Notice]) -> list[tuple[NoticeKind, int]]:
    return [(notice.kind, notice.user_id) for notice in notices]


def duel(lane: Lane, *moments: float) -> None:
    """Ann leads, then Bob and Ann take the lead from each other at these moments."""
    lane.bid(ANN, lane.auction.minimum, at=1)
    for n, at in enumerate(moments):
        lane.bid((BOB, ANN)[n % 2], lane.auction.minimum, at=at)


def test_the_displaced_leader_is_notified() -> None:
    lane = Lane()
    duel(lane, 2)
    assert notices_from(lane) == [
        Notice("outbid", ANN, AUCTION, after(2), {"price": 1_100, "currency": "KRW"})
    ]


def test_a_bidder_outbid_at_once_gets_no_extra_notice() -> None:
    lane = Lane()
    lane.bid(ANN, 9_000, "max")
    lane.bid(BOB, 2_000)
    assert notices_from(lane) == []


def test_outbid_is_notified_once_a_minute() -> None:
    lane = Lane()
    duel(lane, 2, 3, 61.999, 63)
    outbid = [(notice.user_id, notice.at) for notice in notices_from(lane)]
    assert outbid == [(ANN, after(2)), (BOB, after(3)), (BOB, after(63))]


def test_notices_of_an_earlier_batch_count() -> None:
    lane = Lane()
    duel(lane, 61)
    assert notices_from(lane, last_outbid_at={ANN: after(1.001)}) == []
    assert kinds_and_users(notices_from(lane, last_outbid_at={ANN: after(1)})) == [("outbid", ANN)]


def test_in_the_last_ten_minutes_each_outbid_is_notified() -> None:
    lane = Lane()
    duel(lane, END - 600, END - 599, END - 598, END - 597)
    assert kinds_and_users(notices_from(lane)) == [
        ("outbid", ANN),
        ("outbid", BOB),
        ("outbid", ANN),
        ("outbid", BOB),
    ]


@pytest.mark.parametrize(("at", "notices"), [(END - 600.001, 0), (END - 600, 1)])
def test_the_last_ten_minutes_begin_ten_minutes_before_the_end(at: float, notices: int) -> None:
    lane = Lane()
    duel(lane, at)
    assert len(notices_from(lane, last_outbid_at={ANN: after(at - 1)})) == notices


def test_a_close_notifies_winner_losers_and_seller() -> None:
    lane = Lane()
    lane.bid(ANN, 9_000, "max")
    lane.bid(BOB, 2_000)
    lane.bid(CEM, 1)  # refused, so no bidder
    lane.close(at=END + 1)
    notices = notices_from(lane)
    assert kinds_and_users(notices) == [("sold", SELLER), ("won", ANN), ("lost", BOB)]
    assert notices[0].params == {"price": 2_100, "currency": "KRW"}
    assert {notice.at for notice in notices} == {after(END + 1)}


def test_bidders_of_earlier_batches_are_notified() -> None:
    lane = Lane()
    lane.bid(ANN, 2_000)
    lane.close(at=END)
    assert kinds_and_users(notices_from(lane, earlier_bidder_ids=(BOB, ANN))) == [
        ("sold", SELLER), ("won", ANN), ("lost", BOB),
    ]  # fmt: skip


def test_unsold_is_lost_for_every_bidder() -> None:
    lane = Lane(reserve_price=5_000)
    lane.bid(ANN, 4_000)
    lane.close(at=END)
    notices = notices_from(lane)
    assert kinds_and_users(notices) == [("unsold", SELLER), ("lost", ANN)]
    assert notices[0].params["price"] is None


def test_a_cancel_notifies_the_bidders_with_its_reason() -> None:
    lane = Lane(ends=86_400)
    lane.bid(ANN, 4_000)
    lane.cancel(at=2, reason="broken")
    notices = notices_from(lane)
    assert kinds_and_users(notices) == [("cancelled", ANN)]
    assert notices[0].params == {"reason": "broken"}


def test_buy_now_notifies_like_a_close() -> None:
    lane = Lane(reserve_price=5_000, buy_now_price=6_000)
    lane.bid(ANN, 4_000)
    lane.bid(BOB, 6_000, at=2)
    assert kinds_and_users(notices_from(lane)) == [("sold", SELLER), ("lost", ANN), ("won", BOB)]


def test_void_and_refused_records_notify_no_one() -> None:
    lane = Lane()
    lane.start(at=1)
    lane.close(at=2)
    lane.cancel(at=3, actor_id=ANN)
    assert notices_from(lane) == []


def test_repeats_notify_no_one() -> None:
    lane = Lane()
    duel(lane, 2)
    lane.place(BOB, 1_100, key="k1")
    assert len(notices_from(lane)) == 1
