"""Reads for the live view: snapshots, and recovery after a gap in the stream."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from app.protocol.fanout import UserNotice
from app.protocol.outcomes import PublicBid
from app.protocol.pushes import PriceItem
from app.protocol.resources import Auction, Notice


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An auction as a viewer sees it and its newest bids, ascending by seq, read at one moment."""

    auction: Auction
    bids: list[PublicBid]


class AuctionViews(Protocol):
    """Auctions as the API shows them."""

    def auction(self, auction_id: int, viewer_id: int | None) -> Auction:
        """Return the full resource, with `mine` for a viewer. Raise NotFoundError."""
        ...

    def snapshot(self, auction_id: int, viewer_id: int | None, bids_max: int) -> Snapshot:
        """Return the auction with at most so many of its newest bids. Raise NotFoundError."""
        ...


class LiveViews(Protocol):
    """Prices of open and scheduled auctions."""

    def prices(self) -> list[PriceItem]:
        """Return open auctions, and those that start next."""
        ...


class UserNotices(Protocol):
    """A user's notices."""

    def unread(self, user_id: int) -> list[Notice]:
        """Return the unacknowledged notices, oldest first."""
        ...

    def published_lately(
        self, user_ids: Sequence[int], within_s: float
    ) -> Iterator[list[UserNotice]]:
        """Yield these users' unread notices of the last `within_s` seconds, in batches, oldest
        first."""
        ...

    def acknowledge(self, user_id: int, up_to: int) -> None:
        """Mark all notices up to this one as read."""
        ...
