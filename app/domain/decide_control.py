"""Deciding the records that are no bids: start, close, cancel, lower the reserve, void.

Rules 10, 13, 14, 16 and 20. Reached through `decide`, which fixes the decision time.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from app.domain.auction import Auction, covers
from app.domain.contest import Effective, contested, soft_close
from app.domain.decision import ControlDecision, ControlEffect
from app.domain.errors import ControlRefusal
from app.domain.records import (
    CancelRequested,
    CloseDue,
    Control,
    ReserveLoweringRequested,
    StartDue,
    VoidRequested,
)


def decide_control(
    auction: Auction, record: Control, at: datetime, history: Sequence[Effective]
) -> tuple[Auction, ControlDecision]:
    """The auction after the control `record` decided at `at`, and what it did.

    `history` is all that had an effect on price and leader before a `void` record.
    """
    auction = replace(auction, decided_at=at)
    match record:
        case StartDue():
            return _start(auction, at)
        case CloseDue():
            return _close(auction, at)
        case CancelRequested():
            return _cancel(auction, record, at)
        case ReserveLoweringRequested():
            return _lower_reserve(auction, record, at)
        case VoidRequested():
            return _void(auction, record, at, history)


def _start(auction: Auction, at: datetime) -> tuple[Auction, ControlDecision]:
    if auction.status != "scheduled" or at < auction.terms.starts_at:
        return _done(auction, at, "void")
    return _done(replace(auction, status="open"), at, "opened")


def _close(auction: Auction, at: datetime) -> tuple[Auction, ControlDecision]:
    """Rule 13: void unless open and due; the leader wins if the reserve is met or none is set."""
    if auction.status != "open" or at < auction.ends_at:
        return _done(auction, at, "void")
    closed = replace(auction, status="closed", closed_at=auction.ends_at)
    if auction.leader_id is None or auction.reserve_state == "not_met":
        return _done(closed, at, "unsold")
    sold = replace(closed, winner_id=auction.leader_id, winning_amount=auction.price)
    return _done(sold, at, "sold")


def _cancel(
    auction: Auction, record: CancelRequested, at: datetime
) -> tuple[Auction, ControlDecision]:
    """Rule 16: freely while no bid counts, else early enough and with a reason."""
    refusal = _refused_to_seller(auction, record.actor_id, at)
    if refusal is None and auction.leader_id is not None:
        lead = timedelta(seconds=auction.terms.rules.cancel_lead_s)
        if auction.ends_at - at < lead:
            refusal = "CANCEL_TOO_LATE"
        elif not record.reason:
            refusal = "INVALID"
    if refusal is not None:
        return _refused(auction, at, refusal)
    return _done(replace(auction, status="cancelled", closed_at=at), at, "cancelled")


def _lower_reserve(
    auction: Auction, record: ReserveLoweringRequested, at: datetime
) -> tuple[Auction, ControlDecision]:
    """Rule 10: once, lower, not under the starting price; no row and no extension."""
    refusal = _refused_to_seller(auction, record.actor_id, at)
    if refusal is None and not _may_lower(auction, record.reserve_price):
        refusal = "RESERVE_INVALID"
    if refusal is not None:
        return _refused(auction, at, refusal)
    price = auction.price
    if covers(auction.leader_maximum, record.reserve_price):
        price = max(price, record.reserve_price)
    lowered = replace(
        auction, reserve_price=record.reserve_price, reserve_lowered=True, price=price
    )
    return _done(lowered, at, "reserve_lowered")


def _may_lower(auction: Auction, reserve_price: int) -> bool:
    if auction.reserve_price is None or auction.reserve_lowered:
        return False
    return auction.terms.starting_price <= reserve_price < auction.reserve_price


def _void(
    auction: Auction, record: VoidRequested, at: datetime, history: Sequence[Effective]
) -> tuple[Auction, ControlDecision]:
    """Rule 20: as if the bidder had never bid, but for seqs, aliases and outcomes."""
    refusal = _void_refusal(auction, record.bidder_id, at)
    if refusal is not None:
        return _refused(auction, at, refusal)
    voided_ids = auction.voided_ids | {record.bidder_id}
    price, leader_id, maximum = contested(auction, history, voided_ids)
    changed = price != auction.price or leader_id != auction.leader_id
    ends_at = soft_close(auction, at) if changed else auction.ends_at
    after = replace(
        auction,
        price=price,
        leader_id=leader_id,
        leader_maximum=maximum,
        ends_at=ends_at,
        extensions=auction.extensions + (ends_at > auction.ends_at),
        voided_ids=voided_ids,
    )
    new_leader_id = leader_id if leader_id != auction.leader_id else None
    decision = ControlDecision("bids_voided", None, at, new_leader_id=new_leader_id)
    return after, decision


def _void_refusal(auction: Auction, bidder_id: int, at: datetime) -> ControlRefusal | None:
    if auction.ended or at >= auction.ends_at:
        return "CLOSED"
    if at < auction.terms.starts_at:
        return "NOT_STARTED"
    return "ALREADY_VOIDED" if bidder_id in auction.voided_ids else None


def _refused_to_seller(auction: Auction, actor_id: int, at: datetime) -> ControlRefusal | None:
    """Return why a seller's request is refused: not the seller, or after the end."""
    if actor_id != auction.terms.seller_id:
        return "FORBIDDEN"
    return "CLOSED" if auction.ended or at >= auction.ends_at else None


def _refused(
    auction: Auction, at: datetime, code: ControlRefusal
) -> tuple[Auction, ControlDecision]:
    return auction, ControlDecision(effect="refused", code=code, decided_at=at)


def _done(auction: Auction, at: datetime, effect: ControlEffect) -> tuple[Auction, ControlDecision]:
    return auction, ControlDecision(effect=effect, code=None, decided_at=at)
