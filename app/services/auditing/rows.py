"""Rows of auctions as the audit reads them, and the port that returns them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

from app.domain.auction import Auction
from app.domain.contest import Effective
from app.domain.ledger import KnownBid
from app.domain.records import Position
from lanes.audit import Scope, Selection, StoredRow

T_contra = TypeVar("T_contra", contravariant=True)

ID_DIGITS_MAX = 18  # longer ones do not fit the column


@dataclass(frozen=True, slots=True)
class BidRow:
    """A row of `bids`."""

    offset: int
    bid_id: str
    auction_id: int
    bidder_id: int
    key: str | None
    amount: int
    kind: str
    confirm: bool
    automatic: bool
    log_time: datetime
    status: str
    code: str | None
    seq: int | None
    standing: str | None
    alias: int | None
    public_amount: int | None
    price: int | None
    minimum_next_bid: int | None
    ends_at: datetime | None
    decided_at: datetime | None
    chain: str | None

    def __str__(self) -> str:
        return f"auction {self.auction_id} bid {self.bid_id}"


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """A row of `decisions`."""

    offset: int
    auction_id: int
    type: str
    effect: str
    code: str | None
    bid_id: str | None
    log_time: datetime
    decided_at: datetime
    detail: Mapping[str, Any]
    chain: str | None

    def __str__(self) -> str:
        return f"auction {self.auction_id} {self.type}"


@dataclass(frozen=True, slots=True)
class Answered:
    """A bid with an answer, and the position of the record that was answered."""

    position: Position
    known: KnownBid


def auction_id_of(lane: str | None) -> int | None:
    """Return the auction id in a lane's key; None when the key is not an id."""
    if lane is None or not lane.isdecimal() or len(lane) > ID_DIGITS_MAX:
        return None
    return int(lane)


class AuctionRows(Protocol[T_contra]):
    """The stored rows of auctions, in the snapshot of an audit."""

    def select(self, transaction: T_contra, scope: Scope) -> Selection:
        """Return the auctions selected by the scope. Raise NotFoundError when there is none."""
        ...

    def stored_rows(
        self, transaction: T_contra, *, partition: int, first: int, selection: Selection
    ) -> Iterator[StoredRow]:
        """Yield the rows of `bids` and `decisions` from an offset on, in offset order."""
        ...

    def auctions(self, transaction: T_contra, ids: Collection[int]) -> dict[int, Auction]:
        """Return those of the auctions that exist."""
        ...

    def answered(self, transaction: T_contra, bid_ids: Collection[UUID]) -> dict[UUID, Answered]:
        """Return those of the bids that have an answer."""
        ...

    def history(
        self, transaction: T_contra, auction_id: int, *, before: int
    ) -> Sequence[Effective]:
        """Return the records below an offset that had an effect on price and leader, in log
        order."""
        ...

    def versions(self, transaction: T_contra, selection: Selection) -> Iterator[tuple[int, int]]:
        """Yield (id, version) of all selected auctions, by id."""
        ...

    def versions_now(self, ids: Collection[int]) -> dict[int, int]:
        """Return the current versions of auctions, read outside of the snapshot."""
        ...

    def room_ids(self, transaction: T_contra, selection: Selection) -> set[int]:
        """Return the chat rooms of the selected auctions."""
        ...
