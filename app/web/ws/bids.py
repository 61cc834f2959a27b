"""Bids that clients place, and what they ask about them."""

from msgspec import Struct
from msgspec.structs import asdict

from app.domain.errors import UnknownFateError
from app.protocol import frames
from app.protocol.outcomes import Receipt
from app.protocol.pushes import BidStatusAnswer, BidUnknown, bid_received
from app.services.bidding import KnownBid, Offer
from app.services.rights import Right
from app.web.ws.connection import Connection
from app.web.ws.registry import Registry
from app.web.ws.services import GatewayServices


class BidFrames:
    """Hands bids to their use-case, and answers with their receipts."""

    def __init__(self, services: GatewayServices, registry: Registry) -> None:
        self._bidding, self._clock, self._registry = services.bidding, services.clock, registry

    def on_place(
        self, connection: Connection, frame: frames.BidPlace, right: Right | None = None
    ) -> None:
        """Place a bid. Raise BusyError while this gateway accepts no bids on the auction, and the
        errors of `Bidding.place_soon`."""
        self._bidding.check(frame.auction_id)
        self.place(connection, frame, right)

    def place(
        self,
        connection: Connection,
        frame: frames.BidPlace,
        right: Right | None,
        waited_s: float = 0.0,
    ) -> None:
        """Place a bid that has already been admitted: by `Bidding.check` just now, or by
        `Bidding.reserve` `waited_s` seconds ago. Without `right`, the bidder's right to bid is
        looked up."""
        offer = Offer(
            bidder_id=connection.signed_in().user_id,
            auction_id=frame.auction_id,
            amount=frame.amount,
            kind=frame.kind,
            confirm=frame.confirm,
            key=frame.key,
        )
        clock, traffic = self._clock, self._registry.traffic
        placed_at = clock()
        traffic.bids_received += 1

        def done(result: Receipt | UnknownFateError) -> None:
            if isinstance(result, UnknownFateError):
                traffic.bids_unknown += 1
                connection.answer(BidUnknown(re=frame.id, key=frame.key))
            else:
                traffic.bids_acknowledged += 1
                traffic.receipts_s.append(clock() - placed_at)
                connection.answer(bid_received(frame.id, result))

        bid = self._bidding.place_soon(offer, done, right=right, waited_s=waited_s)
        self._registry.expect_outcome(bid)

    def on_status(self, connection: Connection, frame: frames.BidStatus) -> None:
        """Answer with what is known of the caller's bid."""
        user_id = connection.signed_in().user_id
        known = self._bidding.status(user_id, frame.auction_id, frame.key)
        connection.answer(_status(frame, known))


def _status(frame: frames.BidStatus, known: KnownBid | None) -> Struct:
    if known is None:
        return BidStatusAnswer(
            re=frame.id, auction_id=frame.auction_id, key=frame.key, status="unknown"
        )
    return BidStatusAnswer(re=frame.id, **asdict(known.receipt), **asdict(known.outcome))
