"""Values of Kafka records (wire.md, Kafka values): JSON with `v`, the schema version."""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from app.protocol.types import INT64_MAX, Amount, BidKind, ChatText, Id, Key, Reason

VERSION = 1
Version = Literal[1]


class _Record(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type"):
    v: Version


class BidValue(_Record, frozen=True, tag="bid"):
    """A bid as the gateway took it; `received_at` (RFC 3339) decides nothing.

    `limit` and `blocked` are the bidder's right to bid at that moment (rule 20); older records
    have none.
    """

    bid_id: UUID
    auction_id: Id
    bidder_id: Id
    amount: Amount
    kind: BidKind
    confirm: bool
    key: Key
    received_at: str
    limit: Amount | UnsetType = UNSET
    blocked: bool | UnsetType = UNSET


class NewBidValue(BidValue, frozen=True, tag="bid"):
    """The same as it is written, with the id as text."""

    bid_id: str  # type: ignore[assignment]


class StartValue(_Record, frozen=True, tag="start"):
    """The clock says the auction may start."""

    auction_id: Id


class CloseValue(_Record, frozen=True, tag="close"):
    """The clock says the auction may be over."""

    auction_id: Id


class CancelValue(_Record, frozen=True, tag="cancel"):
    """The seller asks to cancel."""

    auction_id: Id
    actor_id: Id
    reason: Reason | None


class ReserveValue(_Record, frozen=True, tag="reserve"):
    """The seller asks to lower the reserve."""

    auction_id: Id
    actor_id: Id
    reserve_price: Amount


class VoidValue(_Record, frozen=True, tag="void"):
    """An admin asks to take a bidder out of the auction."""

    auction_id: Id
    actor_id: Id
    bidder_id: Id
    reason: Reason


AuctionBidValue = BidValue | StartValue | CloseValue | CancelValue | ReserveValue | VoidValue
auction_bid_decoder = msgspec.json.Decoder(AuctionBidValue)


class ChatMessageValue(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A chat message; its place in the room is its record's offset.

    `sender_nickname` is in records from before names left the log, and is not shown: a name that
    is read where it is needed can be erased (docs/privacy.md).
    """

    v: Version
    message_id: UUID
    room_id: Id
    sender_id: Id
    text: ChatText
    key: Key
    sent_at: str
    sender_nickname: Annotated[str, Meta(min_length=1, max_length=30)] | None = None


chat_message_decoder = msgspec.json.Decoder(ChatMessageValue)


class ChatEventValue(Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody joined or left a room, or the house speaks in it."""

    v: Version
    type: Literal["enter", "leave", "system"]
    room_id: Id
    user_id: Id | None
    at: str


chat_event_decoder = msgspec.json.Decoder(ChatEventValue)


class AuctionEventValue(Struct, frozen=True):
    """What one settle did to one auction: `state` as in `auction.state`, `outcomes` per bidder."""

    v: Version
    auction_id: Id
    version: int
    state: dict[str, Any]
    outcomes: list[dict[str, Any]]
    refused: list[dict[str, Any]]


class _Versioned(Struct):
    v: Annotated[int, Meta(ge=1, le=INT64_MAX)]


_version_decoder = msgspec.json.Decoder(_Versioned)


def version_of(value: bytes | str) -> int:
    """The schema version that a record of any topic names; 0 when it names none."""
    try:
        return _version_decoder.decode(value).v
    except (ValueError, RecursionError):
        return 0
