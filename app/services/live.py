"""What the live view reads from the stores: for snapshots, and after a break of the stream."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from app.protocol.fanout import UserNotice
from app.protocol.outcomes import PublicBid
from app.protocol.pushes import PriceItem
from app.protocol.resources import Auction, Notice


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An auction as somebody sees it and its newest bids, ascending by seq, of one moment."""

    auction: Auction
    bids: list[PublicBid]


class AuctionViews(Protocol):
    """The auction as the API shows it."""

    def auction(self, auction_id: int, viewer_id: int | None) -> Auction:
        """The full resource, with `mine` for a viewer. Raises NotFoundError."""
        ...

    def snapshot(self, auction_id: int, viewer_id: int | None, bids_max: int) -> Snapshot:
        """As `auction`, with at most so many of its newest bids. Raises NotFoundError."""
        ...


class LiveViews(Protocol):
    """What moves."""

    def prices(self) -> list[PriceItem]:
        """Open auctions, and those about to be."""
        ...


class UserNotices(Protocol):
    """A user's notices."""

    def unread(self, user_id: int) -> list[Notice]:
        """Those not acknowledged, oldest first."""
        ...

    def published_lately(
        self, user_ids: Sequence[int], within_s: float
    ) -> Iterator[list[UserNotice]]:
        """These users' unread ones of the last `within_s` seconds, in batches, oldest first."""
        ...

    def acknowledge(self, user_id: int, up_to: int) -> None:
        """All up to this one have been seen."""
        ...
