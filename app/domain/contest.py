"""The leader and the price: rules 8 to 10 for one more bid, and for all bids that count (rule
20)."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from app.domain.auction import Auction, covers
from app.domain.records import BidPlaced, ReserveLoweringRequested

Effective = BidPlaced | ReserveLoweringRequested
"""A record that changed price or leader: an accepted bid, or the one that lowered the reserve."""
NO_HISTORY: Final[Sequence[Effective]] = ()


def contest(auction: Auction, bid: BidPlaced) -> tuple[int, int, int]:
    """Price, leader and maximum after an admitted bid."""
    price, leader_id, maximum = _proxied(auction, bid)
    return _at_reserve(price, maximum, auction.reserve_price), leader_id, maximum


def contested(
    auction: Auction, history: Sequence[Effective], without: Collection[int]
) -> tuple[int, int | None, int | None]:
    """Price, leader and maximum by all of `history`, in log order, but for the bidders `without`.

    `history` must hold every record of the auction that had an effect.
    """
    terms = auction.terms
    state = replace(
        auction,
        price=terms.starting_price,
        leader_id=None,
        leader_maximum=None,
        reserve_price=terms.reserve_price,
    )
    for record in history:
        if isinstance(record, ReserveLoweringRequested):
            reserve = record.reserve_price
            price = _at_reserve(state.price, state.leader_maximum, reserve)
            state = replace(state, reserve_price=reserve, price=price)
        elif record.bidder_id not in without:
            price, leader_id, maximum = contest(state, record)
            state = replace(state, price=price, leader_id=leader_id, leader_maximum=maximum)
    return state.price, state.leader_id, state.leader_maximum


def soft_close(auction: Auction, at: datetime) -> datetime:
    """Rule 12: the end after a change at `at`; extends, never shortens."""
    terms = auction.terms
    if auction.ends_at - at >= timedelta(seconds=terms.window_s):
        return auction.ends_at
    extended = min(terms.last_ends_at, at + timedelta(seconds=terms.extend_s))
    return max(auction.ends_at, extended)


def _at_reserve(price: int, maximum: int | None, reserve_price: int | None) -> int:
    """Rule 10: at least the reserve once the leader's maximum covers it."""
    if reserve_price is not None and covers(maximum, reserve_price):
        return max(price, reserve_price)
    return price


def _proxied(auction: Auction, bid: BidPlaced) -> tuple[int, int, int]:
    """As `contest`, without the reserve (rules 7 to 9)."""
    leader_id, maximum = auction.leader_id, auction.leader_maximum
    if leader_id is None or maximum is None:
        opening = bid.amount if bid.kind == "exact" else auction.terms.starting_price
        return opening, bid.bidder_id, bid.amount
    if bid.bidder_id == leader_id:
        return auction.price, leader_id, bid.amount
    step = auction.terms.step_table.step
    if bid.amount <= maximum:
        return min(maximum, bid.amount + step(bid.amount)), leader_id, maximum
    if bid.kind == "exact":
        return bid.amount, bid.bidder_id, bid.amount
    # Steps are settings and need not rise with the price, hence "never under the minimum".
    needed = max(maximum + step(maximum), auction.minimum)
    return min(bid.amount, needed), bid.bidder_id, bid.amount
