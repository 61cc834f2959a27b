"""The rules of the auction: one pure function from a state and a record to the next state.

Holds rules 2 to 16 and 20 of auction-rules.md. What needs the memory of earlier records stays
with the ledger: recognising repeats, allotting aliases, chaining the decision log, and what had an
effect before a void. So a decision depends on nothing but the state, the record, its log time and,
for a void, that history.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import overload

from app.domain.auction import Auction, AuctionStatus
from app.domain.contest import NO_HISTORY, Effective, contest, soft_close
from app.domain.decide_control import decide_control
from app.domain.decision import (
    AutomaticBid,
    BidDecision,
    ControlDecision,
    Decision,
    Outcome,
    Standing,
)
from app.domain.errors import RejectionCode
from app.domain.ids import automatic_bid_id
from app.domain.records import BidPlaced, Control, Record
from app.domain.rules import FIRST_VERSION


@overload
def decide(auction: Auction, record: BidPlaced) -> tuple[Auction, BidDecision]: ...
@overload
def decide(
    auction: Auction, record: Control, history: Sequence[Effective] = ...
) -> tuple[Auction, ControlDecision]: ...
def decide(
    auction: Auction, record: Record, history: Sequence[Effective] = NO_HISTORY
) -> tuple[Auction, Decision]:
    """The auction after `record`, and the decision; the version is left as it is.

    `history` is what a `void` record needs to know (`contested`); nothing else looks at it.

    The decision time is the later of the record's log time and the last decision time, because
    the broker's clock may step back. Raises nothing for a record that app/services/settling.py
    could decode: a refusal is a decision.
    """
    last = auction.decided_at
    at = record.log_time if last is None or record.log_time > last else last
    if isinstance(record, BidPlaced):
        return _decide_bid(auction, record, at)
    return decide_control(auction, record, at, history)


def _decide_bid(auction: Auction, bid: BidPlaced, at: datetime) -> tuple[Auction, BidDecision]:
    status = _status_at(auction, at)
    buy_price = _buy_price(auction, bid.amount)
    code = _refusal(auction, bid, at, buys=buy_price is not None)
    if code is not None:
        return _rejected(auction, code, status, at)
    if buy_price is not None:
        return _bought(auction, bid, at, buy_price)
    return _accepted(auction, bid, at)


def _status_at(auction: Auction, at: datetime) -> AuctionStatus:
    """A bid at or past the start opens the auction, also when the bid is refused."""
    if auction.status == "scheduled" and at >= auction.terms.starts_at:
        return "open"
    return auction.status


def _buy_price(auction: Auction, amount: int) -> int | None:
    """Rule 11: what `amount` would buy at now, None if it would not."""
    price = auction.buy_now_price
    return None if price is None or amount < price else price


def _refusal(auction: Auction, bid: BidPlaced, at: datetime, *, buys: bool) -> RejectionCode | None:
    """The first rule that refuses the bid, in the order that ends auction-rules.md."""
    terms = auction.terms
    if auction.ended or at >= auction.ends_at:
        return "CLOSED"
    if at < terms.starts_at:
        return "NOT_STARTED"
    if bid.bidder_id == terms.seller_id:
        return "OWN_AUCTION"
    right = _right_refusal(auction, bid)
    if right is not None:
        return right
    if not bid.confirm and (buys or _is_surprising(auction, bid.amount)):
        return "CONFIRM_NEEDED"
    return None if buys else _amount_refusal(auction, bid)


def _right_refusal(auction: Auction, bid: BidPlaced) -> RejectionCode | None:
    """Rule 20: blocked by the seller or voided here, or above the own limit."""
    if bid.blocked or bid.bidder_id in auction.voided_ids:
        return "BLOCKED"
    return "OVER_LIMIT" if bid.limit is not None and bid.amount > bid.limit else None


def _is_surprising(auction: Auction, amount: int) -> bool:
    """Rule 15: far above the price; the minimum is not, unless by the first version."""
    rules = auction.terms.rules
    if amount <= rules.confirm_factor * auction.price:
        return False
    return rules.version == FIRST_VERSION or amount > auction.minimum


def _amount_refusal(auction: Auction, bid: BidPlaced) -> RejectionCode | None:
    """Rule 7 for the leader, rule 3 for everyone else."""
    if auction.leader_maximum is not None and bid.bidder_id == auction.leader_id:
        return None if bid.amount > auction.leader_maximum else "NOT_ABOVE_OWN_MAXIMUM"
    return "TOO_LOW" if bid.amount < auction.minimum else None


def _rejected(
    auction: Auction, code: RejectionCode, status: AuctionStatus, at: datetime
) -> tuple[Auction, BidDecision]:
    """Changes nothing but the decision time, and opens an auction that is due.

    Records of one batch have the same log time, so it seldom changes anything at all.
    """
    is_same = at == auction.decided_at and status == auction.status
    after = auction if is_same else replace(auction, status=status, decided_at=at)
    return after, BidDecision(
        outcome=_outcome(after, at, code=code),
        public_amount=None,
        automatic=None,
        displaced_id=None,
        bought=False,
    )


def _bought(
    auction: Auction, bid: BidPlaced, at: datetime, price: int
) -> tuple[Auction, BidDecision]:
    """Rule 11: at the buy-now price, not the amount; it ends the auction here and now."""
    after = replace(
        auction,
        status="closed",
        price=price,
        leader_id=bid.bidder_id,
        leader_maximum=bid.amount,
        bid_count=auction.bid_count + 1,
        ends_at=at,
        winner_id=bid.bidder_id,
        winning_amount=price,
        closed_at=at,
        decided_at=at,
    )
    return after, _effects(auction, after, bid, at, bought=True)


def _accepted(auction: Auction, bid: BidPlaced, at: datetime) -> tuple[Auction, BidDecision]:
    price, leader_id, maximum = contest(auction, bid)
    changed = price != auction.price or leader_id != auction.leader_id
    ends_at = soft_close(auction, at) if changed else auction.ends_at
    answered = leader_id != bid.bidder_id
    after = replace(
        auction,
        status="open",
        price=price,
        leader_id=leader_id,
        leader_maximum=maximum,
        bid_count=auction.bid_count + (2 if answered else 1),
        ends_at=ends_at,
        extensions=auction.extensions + (ends_at > auction.ends_at),
        decided_at=at,
    )
    return after, _effects(auction, after, bid, at, bought=False)


def _effects(
    before: Auction, after: Auction, bid: BidPlaced, at: datetime, *, bought: bool
) -> BidDecision:
    """The decision on an accepted bid, read off the states on both sides of it."""
    automatic = _automatic(after, bid)
    seq = before.bid_count + 1
    standing: Standing = "leading" if automatic is None else "outbid"
    return BidDecision(
        outcome=_outcome(after, at, standing=standing, seq=seq),
        public_amount=after.price if automatic is None else bid.amount,
        automatic=automatic,
        displaced_id=before.leader_id if after.leader_id != before.leader_id else None,
        bought=bought,
    )


def _automatic(after: Auction, bid: BidPlaced) -> AutomaticBid | None:
    """Rule 9: the leader after another user's bid has answered it at the new price."""
    if after.leader_id is None or after.leader_id == bid.bidder_id:
        return None
    return AutomaticBid(
        bid_id=automatic_bid_id(bid.bid_id),
        bidder_id=after.leader_id,
        amount=after.price,
        seq=after.bid_count,
    )


def _outcome(
    after: Auction,
    at: datetime,
    *,
    standing: Standing | None = None,
    code: RejectionCode | None = None,
    seq: int | None = None,
) -> Outcome:
    return Outcome(
        status="accepted" if code is None else "rejected",
        standing=standing,
        code=code,
        seq=seq,
        price=after.price,
        minimum_next_bid=_minimum_named(after),
        ends_at=after.ends_at,
        decided_at=at,
    )


def _minimum_named(after: Auction) -> int | None:
    """The minimum in an outcome: by the first version of the rules also one that only the leader
    can bid."""
    if after.terms.rules.version == FIRST_VERSION:
        return after.minimum
    return after.minimum_next_bid
