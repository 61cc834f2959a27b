"""The shapes of auctions, bids and notices as wire.md has them: every field, and which are null."""

from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
import pytest
from msgspec import Struct

from app.protocol import outcomes, pushes, records, resources

OUTCOME = "status standing? code? seq? alias? price? minimum_next_bid? ends_at? decided_at?"
RECEIPT = "bid_id key auction_id amount kind partition offset log_time"
STATE = (
    "version status price minimum_next_bid? bid_count leader? reserve ends_at extensions winner? "
    "last_ends_at bids from_seq voided"
)
REFUSAL = "key amount kind partition offset code"

# A question mark: the field may be null.
SHAPES: dict[type[Struct], str] = {
    resources.Auction: (
        "id version status mode product seller currency starting_price price minimum_next_bid? "
        "bid_count leader? reserve buy_now_price? starts_at ends_at scheduled_ends_at last_ends_at "
        "extensions winner? closed_at? voided mine winner_user"
    ),
    resources.AuctionProduct: "id name thumbnail_url? description pictures",
    resources.Picture: "url thumbnail_url",
    resources.Mine: "standing alias? maximum? watching limit blocked",
    resources.Block: "user created_at",
    resources.AuctionVoid: "bidder_id reason",
    resources.Notice: "id kind auction_id params at",
    outcomes.Receipt: RECEIPT,
    outcomes.Outcome: OUTCOME,
    outcomes.PublicBid: "seq amount alias automatic at voided",
    outcomes.Leader: "alias",
    outcomes.Winner: "alias amount",
    outcomes.AuctionState: STATE,
    outcomes.Bid: f"{RECEIPT} {OUTCOME}",
    pushes.BidReceived: f"re {RECEIPT}",
    pushes.BidUnknown: "re key",
    pushes.BidStatusAnswer: f"re {RECEIPT} {OUTCOME}",
    pushes.BidResult: f"bid_id key auction_id {OUTCOME}",
    pushes.BidRefused: f"auction_id {REFUSAL}",
    pushes.AuctionStatePush: f"channel auction_id {STATE}",
    pushes.AuctionsPrice: "items",
    pushes.PriceItem: "id price bid_count status ends_at",
    pushes.SubscribedAuction: "re channel auction bids",
    pushes.SubscribedAuctions: "re channel items",
    pushes.AuctionPresence: "channel watching",
    pushes.NoticePush: "id kind auction_id params at",
    pushes.NoticeAcked: "re up_to",
    records.BidderOutcome: f"bid_id bidder_id key {OUTCOME} traceparent? repeated",
    records.BidderRefusal: f"bidder_id {REFUSAL}",
    records.AuctionEventValue: "v auction_id version state outcomes refused",
    records.BidValue: (
        "v bid_id auction_id bidder_id amount kind confirm key received_at limit blocked"
    ),
    records.StartValue: "v auction_id",
    records.CloseValue: "v auction_id",
    records.CancelValue: "v auction_id actor_id reason?",
    records.ReserveValue: "v auction_id actor_id reserve_price",
    records.VoidValue: "v auction_id actor_id bidder_id reason",
}

TAGS = {
    pushes.BidReceived: "bid.received",
    pushes.BidUnknown: "bid.unknown",
    pushes.BidStatusAnswer: "bid.status",
    pushes.BidResult: "bid.result",
    pushes.BidRefused: "bid.refused",
    pushes.AuctionStatePush: "auction.state",
    pushes.AuctionsPrice: "auctions.price",
    pushes.AuctionPresence: "auction.presence",
    pushes.NoticePush: "notice",
    pushes.NoticeAcked: "notice.acked",
    records.BidValue: "bid",
    records.StartValue: "start",
    records.CloseValue: "close",
    records.CancelValue: "cancel",
    records.ReserveValue: "reserve",
    records.VoidValue: "void",
}


def shape_of(struct: type[Struct]) -> set[str]:
    fields = msgspec.structs.fields(struct)
    return {f"{field.encode_name}{'?' if _may_be_null(field.type) else ''}" for field in fields}


def _may_be_null(kind: Any) -> bool:
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    return get_origin(kind) in (Union, UnionType) and NoneType in get_args(kind)


@pytest.mark.parametrize("struct", SHAPES, ids=lambda struct: struct.__name__)
def test_a_struct_has_the_fields_of_its_page_and_no_other(struct: type[Struct]) -> None:
    assert shape_of(struct) == set(SHAPES[struct].split())


@pytest.mark.parametrize("struct", TAGS, ids=lambda struct: struct.__name__)
def test_a_frame_or_record_is_named_by_its_type(struct: type[Struct]) -> None:
    config = struct.__struct_config__
    assert (config.tag_field, config.tag) == ("type", TAGS[struct])


def test_states_and_standings_match_the_clients_types() -> None:
    assert words(resources.Auction, "status") == {"scheduled", "open", "closed", "cancelled"}
    assert words(resources.Auction, "reserve") == {"none", "not_met", "met"}
    assert words(resources.Mine, "standing") == {"none", "leading", "outbid", "won", "lost"}
    assert words(outcomes.Outcome, "status") == {"pending", "accepted", "rejected", "failed"}
    assert words(resources.BidCreate, "kind") == {"exact", "max"}


def words(struct: type[Struct], name: str) -> set[str]:
    (kind,) = [field.type for field in msgspec.structs.fields(struct) if field.name == name]
    assert get_origin(kind) is Literal
    return set(get_args(kind))
