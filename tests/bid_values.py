"""Bids as gateways write them into the log."""

from datetime import UTC, datetime

from app.domain.ids import bid_id
from app.domain.records import BidKind
from app.domain.time import rfc3339
from app.protocol.records import BidValue


def bid_value(
    bidder_id: int,
    auction_id: int,
    key: str = "k",
    *,
    amount: int = 1_000,
    kind: BidKind = "exact",
    confirm: bool = True,
    id_of: int | None = None,
) -> BidValue:
    """A bid, under the id of another bidder, `id_of`, where it is forged."""
    return BidValue(
        v=1,
        bid_id=bid_id(bidder_id if id_of is None else id_of, auction_id, key),
        auction_id=auction_id,
        bidder_id=bidder_id,
        amount=amount,
        kind=kind,
        confirm=confirm,
        key=key,
        received_at=rfc3339(datetime.now(UTC)),
    )
