"""Receipts and outcomes of bids, and an auction's public state: shared by HTTP, frames, Kafka.

Each field is declared here alone: a frame, a resource or a record that has the fields of one of
these is a subclass of it, with what it adds.
"""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any, Final, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from app.domain.auction import AuctionStatus, ReserveState
from app.domain.decision import KnownStatus, Standing
from app.domain.records import BidKind
from app.protocol.types import Timestamp

OutcomeStatus = Literal["pending", KnownStatus]


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


class Outcome(Struct, frozen=True, gc=False):
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


class Refusal(Struct, frozen=True, gc=False):
    """A record whose key named another bid, which stays as it was."""

    key: str
    amount: int
    kind: BidKind
    partition: int
    offset: int
    code: str


# Of a bid that waits, and of one that became a dead letter.
PENDING = Outcome("pending", None, None, None, None, None, None, None, None)
FAILED = Outcome("failed", None, None, None, None, None, None, None, None)


def fields_of(*structs: type[Struct]) -> dict[str, Any]:
    """Return the fields of all these structs and their types, in order."""
    return {field.name: field.type for one in structs for field in msgspec.structs.fields(one)}


Bid = msgspec.defstruct(
    "Bid",
    [*fields_of(Receipt, Outcome).items()],
    frozen=True,
    module=__name__,
    namespace={"__doc__": "A receipt and an outcome, flattened."},
)


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


class PriceState(Struct, frozen=True):
    """What a list shows of an auction's state."""

    price: int
    bid_count: int
    status: AuctionStatus
    ends_at: Timestamp


class PublicState(PriceState, frozen=True):
    """The changing part of an auction.

    `minimum_next_bid` is null when nobody but the leader can bid any more (10^12 is reached).
    `voided` are the aliases of bidders whose bids count no more (rule 20); absent when there are
    none.
    """

    version: int
    minimum_next_bid: int | None
    leader: Leader | None
    reserve: ReserveState
    extensions: int
    winner: Winner | None
    last_ends_at: Timestamp
    voided: list[int] | UnsetType = UNSET


class AuctionState(PublicState, frozen=True, kw_only=True):
    """The state as pushed in `auction.state` and `auction-event`, with its newest bids, ascending.

    `from_seq` is the first of their seqs, or the next one when there are none.
    """

    bids: list[PublicBid]
    from_seq: int


_public_values: Final = attrgetter(*PublicState.__struct_fields__)


def with_bids(state: PublicState, bids: list[PublicBid]) -> AuctionState:
    """Return the state with its newest bids, ascending."""
    seq = first_seq(bids, state.bid_count)
    return AuctionState(*_public_values(state), bids=bids, from_seq=seq)


def first_seq(bids: Sequence[PublicBid], bid_count: int) -> int:
    """Return the first seq in `bids`, which are the newest of so many; the next seq when there are
    none."""
    return bids[0].seq if bids else bid_count + 1
