"""WebSocket frames (wire.md, WebSocket): what a client may send."""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from app.domain.records import BidKind
from app.protocol.types import INT64_MAX, Amount, Channel, ChatText, Id, Key

FrameId = Annotated[int, Meta(ge=0, le=INT64_MAX)]


class ClientFrame(Struct, frozen=True, forbid_unknown_fields=True):
    """What every client frame has: a rising `id`, named again as `re` in its answer."""

    id: FrameId
    type: str


class Auth(ClientFrame, frozen=True):
    """The first frame; without a token the socket is a guest's."""

    token: Annotated[str, Meta(max_length=4_096)] | None = None


class Time(ClientFrame, frozen=True):
    """Asks for the server's clock."""

    client_ms: Annotated[int, Meta(ge=0, le=INT64_MAX)]


class Subscribe(ClientFrame, frozen=True):
    """Asks for a snapshot and all that follows it."""

    channel: Channel
    after_seq: Annotated[int, Meta(ge=0, le=INT64_MAX)] | None = None


class Unsubscribe(ClientFrame, frozen=True):
    """Ends a subscription."""

    channel: Channel


class BidPlace(ClientFrame, frozen=True):
    """A bid."""

    auction_id: Id
    amount: Amount
    key: Key
    kind: BidKind = "exact"
    confirm: bool = False


class BidStatus(ClientFrame, frozen=True):
    """Asks what became of an own bid."""

    auction_id: Id
    key: Key


class ChatSend(ClientFrame, frozen=True):
    """A chat message."""

    room_id: Id
    text: ChatText
    key: Key


class NoticeAck(ClientFrame, frozen=True):
    """All notices up to this one have been seen."""

    up_to: Id


CLIENT_FRAMES: dict[str, type[ClientFrame]] = {
    "auth": Auth,
    "time": Time,
    "subscribe": Subscribe,
    "unsubscribe": Unsubscribe,
    "bid.place": BidPlace,
    "bid.status": BidStatus,
    "chat.send": ChatSend,
    "notice.ack": NoticeAck,
}

_bid_decoder = msgspec.json.Decoder(BidPlace)


def decode_bid(text: str) -> BidPlace | None:
    """The frame of a bid, in one step; None when it is another frame, or has any fault.

    What comes in a storm is bids without a fault. For the others there is `parse`, which names the
    fault.
    """
    if '"bid.place"' not in text:
        return None
    try:
        frame = _bid_decoder.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    return frame if frame.type == "bid.place" else None
