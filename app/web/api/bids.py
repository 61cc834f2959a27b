"""Bids over HTTP: the same keys and outcomes as on a socket."""

import re
import time
from uuid import UUID

from msgspec import Struct

from app.domain.errors import ConflictError, NotFoundError
from app.protocol.outcomes import Outcome, OutcomeStatus, Receipt, Standing
from app.protocol.resources import BidCreate, BidHeaders
from app.protocol.types import BidKind
from app.services.bidding import PENDING, Bidding, KnownBid, Offer
from app.web.api.route import Answer, Call, Route

WAIT_MAX_S = 5
POLL_S = 0.03


class Bid(Struct, frozen=True):
    """A receipt and an outcome, flattened."""

    bid_id: str
    key: str
    auction_id: int
    amount: int
    kind: BidKind
    partition: int
    offset: int
    log_time: str
    status: OutcomeStatus
    standing: Standing | None
    code: str | None
    seq: int | None
    alias: int | None
    price: int | None
    minimum_next_bid: int | None
    ends_at: str | None
    decided_at: str | None


def bid_routes(bidding: Bidding) -> list[Route]:
    """Bids."""

    def placed(call: Call) -> Answer:
        offer = _offer(call)
        receipt = bidding.place(offer)
        wait_s = _wait_s(call.headers.prefer)
        if wait_s == 0:
            return Answer(receipt, 202)
        known = _decided(bidding, offer, wait_s)
        return Answer(receipt, 202) if known is None else Answer(_bid(known))

    def shown(call: Call) -> Answer:
        try:
            bid_id = UUID(call.ids["bid_id"])
        except ValueError as error:
            raise NotFoundError("no such bid of yours") from error
        known = bidding.own_bid(call.identity.user_id, bid_id)
        return Answer(_bid(known))

    return [
        Route(
            method="POST", path="/api/auctions/<int:auction_id>/bids", summary="Place a bid",
            auth="required", handle=placed, body=BidCreate, answers={200: Bid, 202: Receipt},
            codes=("NOT_FOUND", "KEY_REUSED", "BUSY", "BID_UNKNOWN"),
            headers=BidHeaders,
        ),
        Route(
            method="GET", path="/api/bids/<bid_id>", summary="An own bid", auth="required",
            handle=shown, answers={200: Bid}, codes=("NOT_FOUND",),
        ),
    ]  # fmt: skip


def _offer(call: Call) -> Offer:
    return Offer(
        bidder_id=call.identity.user_id,
        auction_id=call.ids["auction_id"],
        amount=call.body.amount,
        kind=call.body.kind,
        confirm=call.body.confirm,
        key=call.headers.key,
    )


def _wait_s(prefer: str) -> int:
    """Seconds of `Prefer: wait=N`; 0 when absent; more than allowed is the most allowed."""
    found = re.search(r"(?:^|[,;\s])wait\s*=\s*([0-9]{1,9})(?:$|[,;\s])", prefer)
    return min(int(found[1]), WAIT_MAX_S) if found else 0


def _decided(bidding: Bidding, offer: Offer, wait_s: int) -> KnownBid | None:
    """The bid of this key once it has an outcome: with the first receipt, also for a repeat."""
    deadline = time.monotonic() + wait_s
    while time.monotonic() < deadline:
        known = bidding.status(offer.bidder_id, offer.auction_id, offer.key)
        if known is not None:
            if (known.receipt.amount, known.receipt.kind) != (offer.amount, offer.kind):
                raise ConflictError("KEY_REUSED", "the key names another bid")
            if known.outcome.status != PENDING.status:
                return known
        time.sleep(POLL_S)
    return None


def _bid(known: KnownBid) -> Bid:
    return Bid(
        *(getattr(known.receipt, name) for name in Receipt.__struct_fields__),
        *(getattr(known.outcome, name) for name in Outcome.__struct_fields__),
    )
