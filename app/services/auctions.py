"""Auctions: creating and showing them; requests of sellers and admins become records of
`auction-bid`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol

import msgspec

from app.domain.auction import Auction as State
from app.domain.auction import open_auction
from app.domain.errors import (
    ConflictError,
    DomainError,
    FieldFault,
    ForbiddenError,
    InvalidError,
    NotFoundError,
)
from app.domain.rules import Rules
from app.domain.terms import Offer, SoftClose, make_terms
from app.observability.security_log import SecurityEvent, log_security
from app.protocol.outcomes import PublicBid
from app.protocol.records import CancelValue, ReserveValue, VoidValue
from app.protocol.resources import (
    Auction,
    AuctionCreate,
    AuctionQuery,
    AuctionVoid,
    BidHistoryQuery,
    Listed,
    Page,
    Product,
)
from app.protocol.topics import AUCTION_BID
from app.services.log import Log, RecordMetadata
from app.services.outcome_wait import growing_pauses, wait_for_outcome
from app.services.pages import Position, page, page_by_id
from app.services.snapshots import PublicAuctions, Snapshots


@dataclass(frozen=True, slots=True)
class ControlOutcome:
    """What the record of a seller's or an admin's request did; `code` when it was refused."""

    code: str | None


@dataclass(frozen=True, slots=True)
class ControlResult:
    """An auction after the request of its seller or an admin; not `is_decided`: the request is a
    record that will be decided in its turn."""

    auction: Auction
    is_decided: bool


class SellableProducts(Protocol):
    """The products that auctions are created from."""

    def get(self, product_id: int, viewer_id: int | None) -> Product:
        """Return the product. Raise NotFoundError."""
        ...


class Auctions(PublicAuctions, Protocol):
    """Stored auctions. Methods raise BusyError when the store cannot answer."""

    def add(self, product_id: int, begun: State) -> int:
        """Add an auction in the state `begun` and return its id. Raise ConflictError
        (`AUCTION_EXISTS`)."""
        ...

    def bid_on(self, user_id: int, *, after_id: int | None, limit: int) -> list[Auction]:
        """Return at most `limit` auctions the user has bid on, newest first, after one of them."""
        ...

    def user_exists(self, user_id: int) -> bool:
        """Return whether there is such a user."""
        ...

    def control_outcome(self, metadata: RecordMetadata) -> ControlOutcome | None:
        """Return what the record at this position did; None: not decided yet."""
        ...


class AuctionHouse:
    """The use-cases around auctions; those of bids are in `bidding`."""

    def __init__(
        self,
        auctions: Auctions,
        products: SellableProducts,
        *,
        snapshots: Snapshots,
        log: Log,
        clock: Callable[[], datetime],
        wait_s: float,
    ) -> None:
        self._auctions, self._products, self._log = auctions, products, log
        self._snapshots, self._clock, self._wait_s = snapshots, clock, wait_s

    def create(self, seller_id: int, request: AuctionCreate) -> Auction:
        """Create an auction. Raise NotFoundError, ForbiddenError, InvalidError, ConflictError."""
        product = self._products.get(request.product_id, seller_id)
        if not product.is_seller:
            raise ForbiddenError(detail="only the seller may")
        if product.sale_type != "auction":
            message = "the product is not sold by auction"
            raise InvalidError([FieldFault("product_id", "INVALID", message)])
        terms = make_terms(
            _offer(request, product), auction_id=0, seller_id=seller_id, now=self._clock(),
            rules=Rules(),
        )  # fmt: skip
        return self._auctions.auction(
            self._auctions.add(product.id, open_auction(terms)), seller_id
        )

    def auction(self, auction_id: int, viewer_id: int | None) -> Auction:
        """Return the full resource. Raise NotFoundError."""
        if viewer_id is None:
            return self._snapshots.auction(auction_id).auction
        return self._auctions.auction(auction_id, viewer_id)

    def auctions(self, query: AuctionQuery, viewer_id: int | None) -> Listed[Auction]:
        """Return a page of auctions."""

        def read(after: Position | None, limit: int) -> Sequence[tuple[Auction, int]]:
            if viewer_id is None:
                return self._snapshots.page(query, after, limit)
            return self._auctions.page(query, after, limit, viewer_id)

        return page(
            query,
            query.sort,
            read,
            position=lambda item: (item[1], item[0].id),
            show=lambda item: item[0],
        )

    def bid_on(self, user_id: int, query: Page) -> Listed[Auction]:
        """Return a page of auctions the user has bid on, newest first."""
        return page_by_id(query, "bid_on", partial(self._auctions.bid_on, user_id))

    def history(self, auction_id: int, query: BidHistoryQuery) -> Listed[PublicBid]:
        """Return a page of accepted bids after a seq, ascending. Raise NotFoundError."""

        def read(after: Position | None, limit: int) -> Sequence[PublicBid]:
            after_seq = query.after_seq if after is None else after[0]
            return self._snapshots.history(auction_id, after_seq, limit)

        return page(query, "seq", read, position=lambda bid: (bid.seq, 0), show=lambda bid: bid)

    def cancel(self, seller_id: int, auction_id: int, reason: str | None) -> ControlResult:
        """Cancel the auction. Raise the refusal (rule 16)."""
        self._check_seller(seller_id, auction_id)
        value = CancelValue(v=1, auction_id=auction_id, actor_id=seller_id, reason=reason)
        return self._append_and_wait(seller_id, auction_id, msgspec.json.encode(value))

    def lower_reserve(self, seller_id: int, auction_id: int, price: int) -> ControlResult:
        """Lower the reserve. Raise the refusal (rule 10)."""
        self._check_seller(seller_id, auction_id)
        value = ReserveValue(v=1, auction_id=auction_id, actor_id=seller_id, reserve_price=price)
        return self._append_and_wait(seller_id, auction_id, msgspec.json.encode(value))

    def void(
        self, admin_id: int, auction_id: int, request: AuctionVoid, *, by: str
    ) -> ControlResult:
        """Void the bidder's bids (rule 20).

        `by` names the requester in the security log. Raise NotFoundError for an unknown auction or
        user, and ConflictError (`CLOSED`, `NOT_STARTED`, `ALREADY_VOIDED`).
        """
        self._auctions.auction(auction_id, None)
        if not self._auctions.user_exists(request.bidder_id):
            raise NotFoundError("no such user")
        value = VoidValue(
            v=1,
            auction_id=auction_id,
            actor_id=admin_id,
            bidder_id=request.bidder_id,
            reason=request.reason,
        )
        log_security(
            SecurityEvent.BIDS_VOIDED, by=by, auction_id=auction_id, user_id=request.bidder_id
        )
        return self._append_and_wait(admin_id, auction_id, msgspec.json.encode(value))

    def _check_seller(self, seller_id: int, auction_id: int) -> None:
        # Settle checks again; this keeps strangers' wishes out of the log.
        if self._auctions.auction(auction_id, None).seller.id != seller_id:
            raise ForbiddenError(detail="only the seller may")

    def _append_and_wait(self, viewer_id: int, auction_id: int, value: bytes) -> ControlResult:
        metadata = self._log.append(AUCTION_BID, key=auction_id, value=value)
        outcome = wait_for_outcome(
            partial(self._auctions.control_outcome, metadata),
            growing_pauses(),
            within_s=self._wait_s,
        )
        if outcome is not None and outcome.code is not None:
            raise _refusal(outcome.code)
        auction = self._auctions.auction(auction_id, viewer_id)
        return ControlResult(auction, is_decided=outcome is not None)


def _offer(request: AuctionCreate, product: Product) -> Offer:
    soft = request.soft_close
    return Offer(
        currency=product.currency,
        starting_price=request.starting_price,
        mode=request.mode,
        starts_at=request.starts_at,
        ends_at=request.ends_at,
        reserve_price=request.reserve_price,
        buy_now_price=request.buy_now_price,
        soft_close=None
        if soft is None
        else SoftClose(soft.window_s, soft.extend_s, soft.extensions_max),
    )


def _refusal(code: str) -> DomainError:
    if code == "FORBIDDEN":
        return ForbiddenError(detail="only the seller may")
    if code == "INVALID":
        return InvalidError([FieldFault("reason", "REQUIRED", "is required after the first bid")])
    return ConflictError(code)
