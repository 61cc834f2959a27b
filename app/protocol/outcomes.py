"""Receipts and outcomes of bids, and an auction's public state: shared by HTTP, frames, Kafka."""

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from app.protocol.types import AuctionStatus, BidKind, Timestamp

OutcomeStatus = Literal["pending", "accepted", "rejected", "failed"]
Standing = Literal["leading", "outbid"]
RejectionCode = Literal[
    "TOO_LOW",
    "NOT_STARTED",
    "CLOSED",
    "OWN_AUCTION",
    "NOT_ABOVE_OWN_MAXIMUM",
    "CONFIRM_NEEDED",
    "OVER_LIMIT",
    "BLOCKED",
]
ReserveState = Literal["none", "not_met", "met"]


class Receipt(Struct, frozen=True):
    """Where a bid stands in the log: given only after the broker's acknowledgement."""

    bid_id: str
    key: str
    auction_id: int
    amount: int
    kind: BidKind
    partition: int
    offset: int
    log_time: Timestamp


class Outcome(Struct, frozen=True):
    """What became of a bid, frozen as decided."""

    status: OutcomeStatus
    standing: Standing | None
    code: str | None
    seq: int | None
    alias: int | None
    price: int | None
    minimum_next_bid: int | None
    ends_at: Timestamp | None
    decided_at: Timestamp | None


class PublicBid(Struct, frozen=True, gc=False):
    """An accepted bid as everybody may see it (rule 17).

    `voided` is there, and true, when the bid counts no more (rule 20).
    """

    seq: int
    amount: int
    alias: int
    automatic: bool
    at: Timestamp
    voided: bool | UnsetType = UNSET


class Leader(Struct, frozen=True):
    """The leading bidder, by alias only."""

    alias: int


class Winner(Struct, frozen=True):
    """The winning bidder's alias and the final price."""

    alias: int
    amount: int


class AuctionState(Struct, frozen=True):
    """The changing part of an auction, as pushed in `auction.state` and `auction-event`.

    `voided` are the aliases of bidders whose bids count no more (rule 20); absent when there are
    none.
    """

    version: int
    status: AuctionStatus
    price: int
    minimum_next_bid: int | None
    bid_count: int
    leader: Leader | None
    reserve: ReserveState
    ends_at: Timestamp
    extensions: int
    winner: Winner | None
    last_ends_at: Timestamp
    bids: list[PublicBid]
    from_seq: int
    voided: list[int] | UnsetType = UNSET
