"""Bids over HTTP: the same keys and outcomes as on a socket."""

import re
from collections.abc import Callable
from itertools import repeat
from uuid import UUID

from gevent.event import Event
from msgspec import Struct
from msgspec.structs import asdict
from werkzeug.http import parse_list_header

from app.domain.errors import KEY_REUSED, ConflictError
from app.domain.ids import bid_id
from app.protocol.outcomes import Bid, Receipt
from app.protocol.resources import BidCreate, BidHeaders
from app.services.bidding import Bidding, KnownBid, Offer
from app.services.outcome_wait import wait_for_outcome
from app.web.api.route import Answer, Call, Route, awaited
from app.web.ws.waits import OutcomeWaits

WAIT_MAX_S = 5
RECHECK_S = 1.0  # for the outcome whose publication was lost


def bid_routes(
    bidding: Bidding, waits: OutcomeWaits, *, is_fanout_away: Callable[[], bool]
) -> list[Route]:
    """Return the routes of bids; `waits` is notified of every published outcome, unless
    `is_fanout_away`."""

    def placed(call: Call) -> Answer:
        offer = _offer(call)
        patience_s = wait_s(call.headers.prefer)
        waits.expect_user(offer.bidder_id)
        if patience_s == 0:
            return Answer(bidding.place(offer), 202)
        bid = bid_id(offer.bidder_id, offer.auction_id, offer.key)
        with waits.expect(str(bid)) as notified:
            receipt = bidding.place(offer)
            known = wait_for_outcome(
                lambda: _decided(bidding, bid, receipt),
                # While nothing can notify there is one read, for a repeat.
                (0.0,) if is_fanout_away() else repeat(RECHECK_S),
                within_s=patience_s,
                pause=lambda pause_s: _pause(notified, pause_s),
            )
        answer: Struct = receipt if known is None else _answer(known, offer)
        return awaited(answer, is_decided=known is not None)

    def shown(call: Call) -> Answer:
        known = bidding.own_bid(call.identity.user_id, call.ids["bid_id"])
        return Answer(_bid(known))

    return [
        Route(
            method="POST", path="/api/auctions/<int:auction_id>/bids", summary="Place a bid",
            auth="active", handle=placed, body=BidCreate, answers={200: Bid, 202: Receipt},
            codes=("NOT_FOUND", KEY_REUSED, "BUSY", "BID_UNKNOWN"),
            headers=BidHeaders,
        ),
        Route(
            method="GET", path="/api/bids/<uuid:bid_id>", summary="An own bid", auth="required",
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


def wait_s(prefer: str) -> int:
    """Seconds of `Prefer: wait=N`; 0 when absent; more than allowed is the most allowed.

    Names are in any case, values may be quoted, and the first of several counts (RFC 7240, 2).
    """
    preferences = (item.partition(";")[0].partition("=") for item in parse_list_header(prefer))
    values = [value.strip() for name, _, value in preferences if name.strip().lower() == "wait"]
    found = re.fullmatch(r'("?)0*([0-9]+)\1', values[0]) if values else None
    if found is None:
        return 0
    return WAIT_MAX_S if len(found[2]) > 1 else min(int(found[2]), WAIT_MAX_S)


def _decided(bidding: Bidding, bid: UUID, receipt: Receipt) -> KnownBid | None:
    known = next(iter(bidding.decided([bid])), None)
    return known if known is not None and known.answers(receipt) else None


def _pause(notified: Event, pause_s: float) -> None:
    notified.wait(pause_s)
    notified.clear()


def _answer(known: KnownBid, offer: Offer) -> Struct:
    """Answer with the first receipt, also for a repeat. Raise ConflictError when the key named
    another bid."""
    if (known.receipt.amount, known.receipt.kind) != (offer.amount, offer.kind):
        raise ConflictError(KEY_REUSED, "the key names another bid")
    return _bid(known)


def _bid(known: KnownBid) -> Struct:
    return Bid(**asdict(known.receipt), **asdict(known.outcome))
