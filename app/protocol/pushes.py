"""WebSocket frames (wire.md, WebSocket): everything the server answers and pushes.

Answers name the client's frame as `re`; pushes have no `re`.
"""

from msgspec import UNSET, Struct, UnsetType

from app.protocol.outcomes import (
    Leader,
    OutcomeStatus,
    PublicBid,
    ReserveState,
    Standing,
    Winner,
)
from app.protocol.resources import Auction, ChatMessage, Notice, Person
from app.protocol.types import AuctionStatus, BidKind, Timestamp


class Answer(Struct, frozen=True, kw_only=True, tag_field="type"):
    """To the client's frame with the id `re`."""

    re: int


class Push(Struct, frozen=True, kw_only=True, tag_field="type"):
    """Unasked."""


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


class PriceItem(Struct, frozen=True, kw_only=True):
    """An auction's line in the list."""

    id: int
    price: int
    bid_count: int
    status: AuctionStatus
    ends_at: Timestamp


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


class BidReceived(Answer, frozen=True, kw_only=True, tag="bid.received"):
    """To `bid.place`: the log has it; this is the receipt."""

    bid_id: str
    key: str
    auction_id: int
    amount: int
    kind: BidKind
    partition: int
    offset: int
    log_time: Timestamp


class BidUnknown(Answer, frozen=True, kw_only=True, tag="bid.unknown"):
    """To `bid.place`: no acknowledgement in time; the bid may still arrive."""

    key: str


class BidStatusAnswer(Answer, frozen=True, kw_only=True, tag="bid.status"):
    """To `bid.status`: receipt and outcome, flattened; only `status` when it is `unknown`."""

    auction_id: int
    key: str
    status: str
    bid_id: str | UnsetType = UNSET
    amount: int | UnsetType = UNSET
    kind: BidKind | UnsetType = UNSET
    partition: int | UnsetType = UNSET
    offset: int | UnsetType = UNSET
    log_time: Timestamp | UnsetType = UNSET
    standing: Standing | UnsetType | None = UNSET
    code: str | UnsetType | None = UNSET
    seq: int | UnsetType | None = UNSET
    alias: int | UnsetType | None = UNSET
    price: int | UnsetType | None = UNSET
    minimum_next_bid: int | UnsetType | None = UNSET
    ends_at: Timestamp | UnsetType | None = UNSET
    decided_at: Timestamp | UnsetType | None = UNSET


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


class BidResult(Push, frozen=True, kw_only=True, tag="bid.result"):
    """The outcome of a bid, to every socket of its bidder."""

    bid_id: str
    key: str
    auction_id: int
    status: OutcomeStatus
    standing: Standing | None
    code: str | None
    seq: int | None
    alias: int | None
    price: int | None
    minimum_next_bid: int | None
    ends_at: Timestamp | None
    decided_at: Timestamp | None


class BidRefused(Push, frozen=True, kw_only=True, tag="bid.refused"):
    """The key named another bid; that one stays as it was."""

    key: str
    auction_id: int
    amount: int
    kind: BidKind
    partition: int
    offset: int
    code: str


class AuctionStatePush(Push, frozen=True, kw_only=True, tag="auction.state"):
    """The state after `version`, and the bids accepted since the last push.

    `voided`: aliases of bidders whose bids count no more; absent when there are none.
    """

    channel: str
    auction_id: int
    version: int
    status: AuctionStatus
    price: int
    minimum_next_bid: int | None
    bid_count: int
    leader: Leader | None
    reserve: ReserveState
    ends_at: Timestamp
    extensions: int
    winner: Winner | None
    last_ends_at: Timestamp
    bids: list[PublicBid]
    from_seq: int
    voided: list[int] | UnsetType = UNSET


class AuctionsPrice(Push, frozen=True, kw_only=True, tag="auctions.price"):
    """The auctions that changed since the last push."""

    items: list[PriceItem]


class ChatMessagePush(Push, frozen=True, kw_only=True, tag="chat.message"):
    """A message in a room."""

    channel: str
    seq: int
    message_id: str
    sender: Person
    text: str
    at: Timestamp


class ChatPresence(Push, frozen=True, kw_only=True, tag="chat.presence"):
    """How many are in a room, and its newest message."""

    channel: str
    online: int
    last_seq: int


class AuctionPresence(Push, frozen=True, kw_only=True, tag="auction.presence"):
    """How many watch an auction."""

    channel: str
    watching: int


class NoticePush(Push, frozen=True, kw_only=True, tag="notice"):
    """Something the user should know, until it is acknowledged."""

    id: int
    kind: str
    auction_id: int
    params: dict[str, int | str | None]
    at: Timestamp


class Bye(Push, frozen=True, kw_only=True, tag="bye"):
    """The socket is about to close; come back after `retry_after_ms`."""

    code: int
    retry_after_ms: int


def notice_push(notice: Notice) -> NoticePush:
    """A notice as a frame."""
    return NoticePush(
        id=notice.id,
        kind=notice.kind,
        auction_id=notice.auction_id,
        params=notice.params,
        at=notice.at,
    )


def chat_push(channel: str, message: ChatMessage) -> ChatMessagePush:
    """A message as a frame."""
    return ChatMessagePush(
        channel=channel,
        seq=message.seq,
        message_id=message.message_id,
        sender=message.sender,
        text=message.text,
        at=message.at,
    )
