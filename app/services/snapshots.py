"""Public views of auctions, read once for all concurrent viewers.

Guests may read as often as their limits allow, and there may be any number of them: their reads are
shared, kept for a moment, and use connections of their own, so that the store answers bidders as if
they were not there. A signed-in user reads directly: an own bid shows at once. No view is older
than what this process has pushed: the hub reports which auctions have changed, and gaps in the
stream.
"""

from collections.abc import Callable
from typing import Protocol

from msgspec import UNSET

from app.protocol.outcomes import PublicBid
from app.protocol.pushes import PriceItem
from app.protocol.resources import Auction, AuctionQuery
from app.services.live import AuctionViews, Snapshot
from app.services.pages import Position
from app.services.read_cache import ReadCache
from app.settings import Limits

SNAPSHOTS_MAX = 1_000  # auctions looked at in one moment; 10 KB each
PAGES_MAX = 100  # of a list, by query; 100 KB each
HISTORIES_MAX = 1_000  # parts of auctions' histories; 15 KB each
PRICES = "prices"
PRICES_REST_S = 0.1  # every change of a price makes them old: 160 auctions are 2 ms to read


class PublicAuctions(AuctionViews, Protocol):
    """The auctions a guest may list. All raise BusyError when the store cannot answer."""

    def page(
        self, query: AuctionQuery, after: Position | None, limit: int, viewer_id: int | None
    ) -> list[tuple[Auction, int]]:
        """At most `limit` auctions, each with the value it is sorted by."""
        ...

    def history(self, auction_id: int, after_seq: int, limit: int) -> list[PublicBid]:
        """Accepted bids as others see them, ascending."""
        ...


class Snapshots:
    """Auctions, lists and prices as guests see them."""

    def __init__(
        self,
        auctions: PublicAuctions,
        read_prices: Callable[[], list[PriceItem]],
        *,
        limits: Limits,
    ) -> None:
        self._auctions, self._read_prices = auctions, read_prices
        self._bids_max = limits.snapshot_bids
        ttl_s, wait_s = limits.snapshot_ttl_s, limits.store_timeout_s
        self._one: ReadCache[int, Snapshot] = ReadCache(
            size_max=SNAPSHOTS_MAX, ttl_s=ttl_s, wait_s=wait_s
        )
        self._pages: ReadCache[tuple[AuctionQuery, Position | None, int], list[tuple[Auction, int]]]
        self._pages = ReadCache(size_max=PAGES_MAX, ttl_s=ttl_s, wait_s=wait_s)
        self._histories: ReadCache[tuple[int, int, int, int, int], list[PublicBid]]
        self._histories = ReadCache(size_max=HISTORIES_MAX, ttl_s=ttl_s, wait_s=wait_s)
        self._prices: ReadCache[str, list[PriceItem]]
        self._prices = ReadCache(size_max=1, ttl_s=ttl_s, wait_s=wait_s, rest_s=PRICES_REST_S)

    def auction(self, auction_id: int) -> Snapshot:
        """The auction and its newest bids. Raises NotFoundError."""
        return self._one.get(auction_id, lambda: self._read(auction_id))

    def page(
        self, query: AuctionQuery, after: Position | None, limit: int
    ) -> list[tuple[Auction, int]]:
        """At most `limit` auctions, each with the value it is sorted by."""
        return self._pages.get(
            (query, after, limit), lambda: self._auctions.page(query, after, limit, None)
        )

    def history(self, auction_id: int, after_seq: int, limit: int) -> list[PublicBid]:
        """Accepted bids, ascending, none missing that the auction counts. Raises NotFoundError.

        It fills the gaps in what was pushed, so what was read for fewer bids, or for fewer that
        were voided, is not handed out.
        """
        auction = self.auction(auction_id).auction
        voids = 0 if auction.voided is UNSET else len(auction.voided)
        return self._histories.get(
            (auction_id, after_seq, limit, auction.bid_count, voids),
            lambda: self._auctions.history(auction_id, after_seq, limit),
        )

    def prices(self) -> list[PriceItem]:
        """Open auctions, and those about to be."""
        return self._prices.get(PRICES, self._read_prices)

    def auction_changed(self, auction_id: int) -> None:
        """A newer version is about to be pushed."""
        self._one.forget(auction_id)
        self._pages.clear()
        self._prices.clear()

    def clear(self) -> None:
        """Changes may have been missed."""
        self._one.clear()
        self._pages.clear()
        self._prices.clear()

    def _read(self, auction_id: int) -> Snapshot:
        return self._auctions.snapshot(auction_id, None, self._bids_max)
