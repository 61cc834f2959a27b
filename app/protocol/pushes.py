"""WebSocket frames (wire.md, WebSocket): everything the server answers and pushes.

Answers name the client's frame as `re`; pushes have no `re`.
"""

from operator import attrgetter
from typing import Any, Final, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import asdict, astuple

from app.protocol.channels import auction_channel
from app.protocol.outcomes import (
    AuctionState,
    Outcome,
    OutcomeStatus,
    PriceState,
    PublicBid,
    Receipt,
    Refusal,
    fields_of,
)
from app.protocol.records import BidderOutcome, BidderRefusal
from app.protocol.resources import Auction, ChatMessage, Notice, Person


class Answer(Struct, frozen=True, kw_only=True, tag_field="type"):
    """To the client's frame with the id `re`."""

    re: int


class Push(Struct, frozen=True, kw_only=True, tag_field="type"):
    """A frame that answers none of the client's."""


class FrameError(Struct, frozen=True, kw_only=True, tag_field="type", tag="error"):
    """The frame was not carried out; `retry` says whether the same again may help.

    Without `re` it was a control frame, or a part of a message: `RATE_LIMITED`.
    """

    re: int | UnsetType = UNSET
    code: str
    detail: str
    retry: bool = False
    retry_after_ms: int | UnsetType = UNSET
    field: str | UnsetType = UNSET


class FrameLimits(Struct, frozen=True, kw_only=True):
    """What a client should keep to."""

    frame_bytes_max: int
    frames_per_s_max: int
    subscriptions_max: int


class Welcome(Answer, frozen=True, kw_only=True, tag="welcome"):
    """To `auth`; `user` is null for a guest."""

    connection_id: str
    user: Person | None
    server_ms: int
    ping_s: int
    limits: FrameLimits


class TimeAnswer(Answer, frozen=True, kw_only=True, tag="time"):
    """To `time`, in epoch milliseconds."""

    client_ms: int
    server_ms: int


class PriceItem(PriceState, frozen=True, kw_only=True):
    """An auction's line in the list."""

    id: int


class SubscribedAuction(Answer, frozen=True, kw_only=True, tag="subscribed"):
    """To `subscribe` of `auction:{id}`: the resource and its newest bids, ascending."""

    channel: str
    auction: Auction
    bids: list[PublicBid]


class SubscribedRoom(Answer, frozen=True, kw_only=True, tag="subscribed"):
    """To `subscribe` of `room:{id}`; `truncated`: there were more, these are the newest."""

    channel: str
    messages: list[ChatMessage]
    seq: int
    members_online: int
    truncated: bool


class SubscribedAuctions(Answer, frozen=True, kw_only=True, tag="subscribed"):
    """To `subscribe` of `auctions`."""

    channel: str
    items: list[PriceItem]


class Unsubscribed(Answer, frozen=True, kw_only=True, tag="unsubscribed"):
    """To `unsubscribe`."""

    channel: str


class BidReceived(Receipt, frozen=True, kw_only=True, tag_field="type", tag="bid.received"):
    """To `bid.place`: the log has it; this is the receipt."""

    re: int


class BidUnknown(Answer, frozen=True, kw_only=True, tag="bid.unknown"):
    """To `bid.place`: no acknowledgement in time; the bid may still arrive."""

    key: str


_NAMED: Final[dict[str, Any]] = {
    "auction_id": int,
    "key": str,
    "status": Literal[OutcomeStatus, "unknown"],
}
_KNOWN = {name: kind for name, kind in fields_of(Receipt, Outcome).items() if name not in _NAMED}

BidStatusAnswer = msgspec.defstruct(
    "BidStatusAnswer",
    [*_NAMED.items(), *((name, kind | UnsetType, UNSET) for name, kind in _KNOWN.items())],
    bases=(Answer,),
    frozen=True,
    kw_only=True,
    tag="bid.status",
    module=__name__,
    namespace={
        "__doc__": "To `bid.status`: receipt and outcome, flattened; "
        "only `status` when it is `unknown`."
    },
)


class ChatReceived(Answer, frozen=True, kw_only=True, tag="chat.received"):
    """To `chat.send`: the log has it."""

    message_id: str
    room_id: int
    key: str


class ChatUnknown(Answer, frozen=True, kw_only=True, tag="chat.unknown"):
    """To `chat.send`: no acknowledgement in time; it may still arrive."""

    key: str


class NoticeAcked(Answer, frozen=True, kw_only=True, tag="notice.acked"):
    """To `notice.ack`."""

    up_to: int


class BidResult(Outcome, Push, frozen=True, kw_only=True, tag="bid.result"):
    """The outcome of a bid, to every socket of its bidder."""

    bid_id: str
    key: str
    auction_id: int


class BidRefused(Refusal, Push, frozen=True, kw_only=True, tag="bid.refused"):
    """The key named another bid; that one stays as it was."""

    auction_id: int


class AuctionStatePush(AuctionState, Push, frozen=True, kw_only=True, tag="auction.state"):
    """The state after `version`, and the bids accepted since the last push."""

    channel: str
    auction_id: int


class AuctionsPrice(Push, frozen=True, kw_only=True, tag="auctions.price"):
    """The auctions that changed since the last push."""

    items: list[PriceItem]


class ChatMessagePush(ChatMessage, Push, frozen=True, kw_only=True, tag="chat.message"):
    """A message in a room."""

    channel: str


class ChatPresence(Push, frozen=True, kw_only=True, tag="chat.presence"):
    """How many are in a room, and its newest message."""

    channel: str
    online: int
    last_seq: int


class AuctionPresence(Push, frozen=True, kw_only=True, tag="auction.presence"):
    """How many watch an auction."""

    channel: str
    watching: int


class NoticePush(Notice, Push, frozen=True, kw_only=True, tag="notice"):
    """Something the user should know, until it is acknowledged."""


class Bye(Push, frozen=True, kw_only=True, tag="bye"):
    """The socket is about to close; come back after `retry_after_ms`."""

    code: int
    retry_after_ms: int


_refusal_values: Final = attrgetter(*Refusal.__struct_fields__)


# Two for every bid: copying by name takes two thirds of the time of what unpacks the values.
def bid_received(re: int, receipt: Receipt) -> BidReceived:
    """Return the answer to a frame, with its bid's receipt."""
    return BidReceived(
        re=re,
        bid_id=receipt.bid_id,
        key=receipt.key,
        auction_id=receipt.auction_id,
        amount=receipt.amount,
        kind=receipt.kind,
        partition=receipt.partition,
        offset=receipt.offset,
        log_time=receipt.log_time,
    )


def bid_result(auction_id: int, outcome: BidderOutcome) -> BidResult:
    """Return the push of an outcome."""
    return BidResult(
        bid_id=outcome.bid_id,
        key=outcome.key,
        auction_id=auction_id,
        status=outcome.status,
        standing=outcome.standing,
        code=outcome.code,
        seq=outcome.seq,
        alias=outcome.alias,
        price=outcome.price,
        minimum_next_bid=outcome.minimum_next_bid,
        ends_at=outcome.ends_at,
        decided_at=outcome.decided_at,
    )


def bid_refused(auction_id: int, refusal: BidderRefusal) -> BidRefused:
    """Return the push of a refusal."""
    return BidRefused(*_refusal_values(refusal), auction_id=auction_id)


def state_push(auction_id: int, state: AuctionState) -> AuctionStatePush:
    """Return the push of a state."""
    channel = auction_channel(auction_id)
    return AuctionStatePush(**asdict(state), channel=channel, auction_id=auction_id)


def price_item(auction_id: int, state: PriceState) -> PriceItem:
    """Return the auction's line in the list."""
    return PriceItem(*astuple(state), id=auction_id)


def notice_push(notice: Notice) -> NoticePush:
    """Return the push of a notice."""
    return NoticePush(*astuple(notice))


def chat_push(channel: str, message: ChatMessage) -> ChatMessagePush:
    """Return the push of a message."""
    return ChatMessagePush(*astuple(message), channel=channel)
