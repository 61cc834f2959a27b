"""The state of one auction: its frozen terms and what its log has made of it so far."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from app.domain.money import AMOUNT_MAX
from app.domain.terms import Terms

AuctionStatus = Literal["scheduled", "open", "closed", "cancelled"]
ENDED: Final[tuple[AuctionStatus, ...]] = ("closed", "cancelled")
ReserveState = Literal["none", "not_met", "met"]

FIRST_PREVIOUS_HASH: Final = "0" * 64
"""What the first decision of an auction is chained to (rule 18)."""


@dataclass(frozen=True, slots=True)
class Auction:
    """One auction after some prefix of its log; amounts in minor units, times aware UTC.

    `price` is the starting price until the first accepted bid. `leader_maximum` is hidden from
    everyone but the leader. `ends_at` is the effective end. `version` counts settles, not
    decisions: whoever stores the state raises it. `alias_count` and `chain` are kept by the
    ledger; everything else is changed by `decide` alone. `bid_count` counts all accepted rows,
    those of `voided_ids` too: bidders whose bids count no more, and who may not bid (rule 20).
    """

    terms: Terms
    status: AuctionStatus
    version: int
    price: int
    leader_id: int | None
    leader_maximum: int | None
    bid_count: int
    ends_at: datetime
    extensions: int
    reserve_price: int | None
    reserve_lowered: bool
    winner_id: int | None
    winning_amount: int | None
    closed_at: datetime | None
    decided_at: datetime | None
    alias_count: int
    chain: str
    voided_ids: frozenset[int]

    @property
    def minimum(self) -> int:
        """Rule 3: the starting price when there is no bid that counts, else a step above the price.

        May pass the largest amount of money when the price is next to it; then no bid can
        follow except the leader's own.
        """
        if self.leader_id is None:
            return self.terms.starting_price
        return self.price + self.terms.step_table.step(self.price)

    @property
    def minimum_next_bid(self) -> int | None:
        """The minimum as shown: None when only the leader can still bid."""
        minimum = self.minimum
        return minimum if minimum <= AMOUNT_MAX else None

    @property
    def buy_now_price(self) -> int | None:
        """Rule 11: the price at which it can be bought now, None when it cannot be.

        It can be as long as the reserve is not met or, without a reserve, no bid counts.
        """
        if self.ended:
            return None
        if self.reserve_price is None:
            offered = self.leader_id is None
        else:
            offered = not covers(self.leader_maximum, self.reserve_price)
        return self.terms.buy_now_price if offered else None

    @property
    def reserve_state(self) -> ReserveState:
        """What the public may know of the reserve (rule 10)."""
        if self.reserve_price is None:
            return "none"
        return "met" if covers(self.leader_maximum, self.reserve_price) else "not_met"

    @property
    def ended(self) -> bool:
        """Whether it is closed or cancelled, for good (rule 14)."""
        return self.status in ENDED


def covers(maximum: int | None, reserve_price: int | None) -> bool:
    """Whether there is a reserve and a leader's `maximum` reaches it (rule 10)."""
    return reserve_price is not None and maximum is not None and maximum >= reserve_price


def open_auction(terms: Terms) -> Auction:
    """The state at creation: open at once unless the start lies ahead of it.

    Opening at once is decided at the start: the broker's clock may be behind the one that made
    the auction, and no record is decided before what was decided already.
    """
    is_open = terms.starts_at <= terms.created_at
    return Auction(
        terms=terms,
        status="open" if is_open else "scheduled",
        version=0,
        price=terms.starting_price,
        leader_id=None,
        leader_maximum=None,
        bid_count=0,
        ends_at=terms.scheduled_ends_at,
        extensions=0,
        reserve_price=terms.reserve_price,
        reserve_lowered=False,
        winner_id=None,
        winning_amount=None,
        closed_at=None,
        decided_at=terms.starts_at if is_open else None,
        alias_count=0,
        chain=FIRST_PREVIOUS_HASH,
        voided_ids=frozenset(),
    )


def genesis(auction: Auction) -> Auction:
    """The state `auction` had at its creation, to replay its log onto."""
    return open_auction(auction.terms)
