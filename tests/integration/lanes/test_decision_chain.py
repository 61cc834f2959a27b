"""The decision log can be written again from `bids` and `decisions` alone (rule 18)."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from app.adapters.postgres import schema
from app.domain.auction import FIRST_PREVIOUS_HASH
from app.domain.decision import Outcome
from app.domain.decision_log import (
    LoggedBid,
    LoggedControl,
    LogLine,
    bid_line,
    control_line,
    verify_chain,
)
from app.domain.errors import BrokenChainError
from app.domain.records import Position
from app.protocol.records import CancelValue, CloseValue, ReserveValue, VoidValue
from tests.integration.lanes.cluster import LaneCluster, Lot
from tests.waiting import CALL_S, stretched


def control(cluster: LaneCluster, lot: Lot, value: msgspec.Struct) -> None:
    cluster.put(str(lot.auction_id).encode(), msgspec.json.encode(value)).get(timeout=CALL_S)


def logged(row: Any) -> LoggedBid | LoggedControl:
    """The decision of a row, computed from the row alone."""
    position = Position(row.partition, row.offset)
    if "detail" in row._fields:
        detail = row.detail
        return LoggedControl(
            type=row.type,
            position=position,
            decided_at=row.decided_at,
            effect=row.effect,
            code=row.code,
            price=detail["price"],
            ends_at=datetime.fromisoformat(detail["ends_at"]).astimezone(UTC),
            winner=detail["winner"],
            alias=detail.get("alias"),
            leader=detail.get("leader"),
        )
    return LoggedBid(
        type="automatic" if row.automatic else "bid",
        bid_id=row.bid_id,
        alias=row.alias,
        amount=row.public_amount,
        kind=None if row.automatic else row.kind,
        position=position,
        outcome=Outcome(
            status=row.status,
            standing=row.standing,
            code=row.code,
            seq=row.seq,
            price=row.price,
            minimum_next_bid=row.minimum_next_bid,
            ends_at=row.ends_at,
            decided_at=row.decided_at,
        ),
    )


def rewritten(cluster: LaneCluster, lot: Lot) -> list[LogLine]:
    """The decision log, from the chained rows in the order of the log."""
    rows = [*cluster.rows(schema.bids, lot), *cluster.rows(schema.decisions, lot)]
    chained = [row for row in rows if row.chain is not None]
    chained.sort(key=lambda row: (row.offset, getattr(row, "automatic", False)))
    lines: list[LogLine] = []
    for row in chained:
        previous = lines[-1].hash if lines else FIRST_PREVIOUS_HASH
        body = logged(row)
        line = (
            bid_line(previous, body)
            if isinstance(body, LoggedBid)
            else control_line(previous, body)
        )
        assert line.hash == row.chain
        lines.append(line)
    return lines


def test_the_chain_of_an_auction_follows_from_its_rows(cluster: LaneCluster) -> None:
    lot = cluster.auction(lasts_s=24 * 3_600, reserve_price=9_000)
    seller = cluster.state(lot).terms.seller_id
    ann, bob, cem = lot.bidders[:3]
    # A repeat and a reused key among them: both leave a row, and neither a line.
    for bidder, amount, key in [(ann, 5_000, "a"), (bob, 3_000, "b"), (bob, 10, "c"),
                                (ann, 5_000, "a"), (ann, 6_000, "a")]:  # fmt: skip
        cluster.bid(lot, bidder=bidder, amount=amount, key=key, kind="max").get(timeout=CALL_S)
    auction_id = lot.auction_id
    control(cluster, lot, CloseValue(1, auction_id))
    control(cluster, lot, ReserveValue(1, auction_id, actor_id=seller, reserve_price=4_000))
    control(cluster, lot, ReserveValue(1, auction_id, actor_id=seller, reserve_price=3_000))
    cluster.bid(lot, bidder=cem, amount=7_000, key="d").get(timeout=CALL_S)
    control(cluster, lot, VoidValue(1, auction_id, actor_id=seller, bidder_id=cem, reason="gone"))
    control(cluster, lot, VoidValue(1, auction_id, actor_id=seller, bidder_id=9**9, reason="who"))
    control(cluster, lot, CancelValue(1, auction_id, actor_id=ann, reason="not mine"))
    control(cluster, lot, CancelValue(1, auction_id, actor_id=seller, reason=None))
    control(cluster, lot, CancelValue(1, auction_id, actor_id=seller, reason="부서졌습니다"))
    cluster.bid(lot, bidder=bob, amount=9_000, key="late").get(timeout=CALL_S)
    cluster.wait_decided(lot, 15)

    state, lines = cluster.state(lot), rewritten(cluster, lot)
    effects = [(row.effect, row.code) for row in cluster.rows(schema.decisions, lot)]
    assert effects == [
        ("repeat", None), ("refused", "KEY_REUSED"), ("void", None), ("reserve_lowered", None),
        ("refused", "RESERVE_INVALID"), ("bids_voided", None), ("bids_voided", None),
        ("refused", "FORBIDDEN"), ("refused", "INVALID"), ("cancelled", None),
    ]  # fmt: skip
    assert len(lines) == 14
    assert lines[-1].hash == state.chain
    verify_chain(lines, state.chain)
    with pytest.raises(BrokenChainError):
        verify_chain(lines[:-1], state.chain)


def test_a_sale_is_in_the_chain_with_its_winner(cluster: LaneCluster) -> None:
    lot = cluster.auction(lasts_s=stretched(5))
    cluster.bid(lot, bidder=lot.bidders[0], amount=5_000, key="only").get(timeout=CALL_S)
    cluster.wait_closed(lot)
    (close,) = [row for row in cluster.rows(schema.decisions, lot) if row.effect == "sold"]
    assert (close.detail["price"], close.detail["winner"]) == (5_000, 1)
    verify_chain(rewritten(cluster, lot), cluster.state(lot).chain)
