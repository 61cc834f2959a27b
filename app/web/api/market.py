"""Products, auctions, notices."""

from app.protocol.outcomes import PublicBid
from app.protocol.resources import (
    Auction,
    AuctionCancel,
    AuctionCreate,
    AuctionQuery,
    BidHistoryQuery,
    Listed,
    Notice,
    NoticesRead,
    Page,
    Product,
    ProductChange,
    ProductCreate,
    ProductQuery,
    ReserveLower,
)
from app.services.auctions import AuctionHouse, ControlResult
from app.services.catalogue import Catalogue
from app.services.live import UserNotices
from app.services.notices import NoticeList
from app.web.api.route import Answer, Call, Route, awaited

SELLER = ("NOT_FOUND", "FORBIDDEN")


def product_routes(catalogue: Catalogue) -> list[Route]:
    """Products."""

    def changed(call: Call) -> Answer:
        user_id = call.identity.user_id
        return Answer(catalogue.change(user_id, call.ids["product_id"], call.body))

    def deleted(call: Call) -> Answer:
        catalogue.delete(call.identity.user_id, call.ids["product_id"])
        return Answer()

    one = "/api/products/<int:product_id>"
    return [
        Route(
            method="POST", path="/api/products", summary="Create a product", auth="active",
            handle=lambda c: Answer(catalogue.create(c.identity.user_id, c.body), 201),
            body=ProductCreate, answers={201: Product},
        ),
        Route(
            method="GET", path="/api/products", summary="List products", auth="optional",
            handle=lambda c: Answer(catalogue.products(c.query, c.viewer_id)),
            query=ProductQuery, answers={200: Listed[Product]},
        ),
        Route(
            method="GET", path=one, summary="A product", auth="optional",
            handle=lambda c: Answer(catalogue.product(c.ids["product_id"], c.viewer_id)),
            answers={200: Product}, codes=("NOT_FOUND",),
        ),
        Route(
            method="PATCH", path=one, summary="Change a product", auth="active", handle=changed,
            body=ProductChange, answers={200: Product}, codes=(*SELLER, "AUCTION_LIVE"),
        ),
        Route(
            method="DELETE", path=one, summary="Delete a product", auth="required",
            handle=deleted, answers={204: None}, codes=(*SELLER, "AUCTION_LIVE"),
        ),
    ]  # fmt: skip


def auction_routes(house: AuctionHouse) -> list[Route]:
    """Auctions."""

    def decided(result: ControlResult) -> Answer:
        return awaited(result.auction, is_decided=result.is_decided)

    def cancelled(call: Call) -> Answer:
        user_id, auction_id = call.identity.user_id, call.ids["auction_id"]
        return decided(house.cancel(user_id, auction_id, call.body.reason))

    def lowered(call: Call) -> Answer:
        user_id, auction_id = call.identity.user_id, call.ids["auction_id"]
        return decided(house.lower_reserve(user_id, auction_id, call.body.reserve_price))

    one = "/api/auctions/<int:auction_id>"
    late = {200: Auction, 202: Auction}
    return [
        Route(
            method="POST", path="/api/auctions", summary="Put a product up", auth="active",
            handle=lambda c: Answer(house.create(c.identity.user_id, c.body), 201),
            body=AuctionCreate, answers={201: Auction}, codes=(*SELLER, "AUCTION_EXISTS"),
        ),
        Route(
            method="GET", path="/api/auctions", summary="List auctions", auth="optional",
            handle=lambda c: Answer(house.auctions(c.query, c.viewer_id)),
            query=AuctionQuery, answers={200: Listed[Auction]},
        ),
        Route(
            method="GET", path=one, summary="An auction", auth="optional",
            handle=lambda c: Answer(house.auction(c.ids["auction_id"], c.viewer_id)),
            answers={200: Auction}, codes=("NOT_FOUND",),
        ),
        Route(
            method="PATCH", path=one, summary="Lower the reserve", auth="active",
            handle=lowered, body=ReserveLower, answers=late,
            codes=(*SELLER, "RESERVE_INVALID", "CLOSED", "BUSY", "BID_UNKNOWN"),
        ),
        Route(
            method="POST", path=f"{one}/cancel", summary="Cancel", auth="required",
            handle=cancelled, body=AuctionCancel, body_optional=True, answers=late,
            codes=(*SELLER, "CANCEL_TOO_LATE", "CLOSED", "BUSY", "BID_UNKNOWN"),
        ),
        Route(
            method="GET", path=f"{one}/bids", summary="Accepted bids",
            handle=lambda c: Answer(house.history(c.ids["auction_id"], c.query)),
            query=BidHistoryQuery, answers={200: Listed[PublicBid]}, codes=("NOT_FOUND",),
        ),
        Route(
            method="GET", path="/api/me/bids", summary="Auctions I bid on", auth="required",
            handle=lambda c: Answer(house.bid_on(c.identity.user_id, c.query)),
            query=Page, answers={200: Listed[Auction]},
        ),
    ]  # fmt: skip


def notice_routes(listing: NoticeList, reading: UserNotices) -> list[Route]:
    """Notices."""

    def read(call: Call) -> Answer:
        reading.acknowledge(call.identity.user_id, call.body.up_to)
        return Answer()

    return [
        Route(
            method="GET", path="/api/me/notices", summary="My notices", auth="required",
            handle=lambda c: Answer(listing.page(c.identity.user_id, c.query)),
            query=Page, answers={200: Listed[Notice]},
        ),
        Route(
            method="POST", path="/api/me/notices/read", summary="Mark as read", auth="required",
            handle=read, body=NoticesRead, answers={204: None},
        ),
    ]  # fmt: skip
