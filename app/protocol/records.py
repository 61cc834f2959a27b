"""Values of Kafka records (wire.md, Kafka values): JSON with `v`, the schema version."""

from datetime import datetime
from typing import Annotated, Final, Generic, Literal, TypeVar
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from app.domain.records import BidKind
from app.domain.time import rfc3339
from app.protocol.outcomes import Outcome, Receipt, Refusal
from app.protocol.types import INT64_MAX, Amount, ChatText, Id, Key, Reason

VERSION: Final = 1
Version = Literal[1]

StateT = TypeVar("StateT")
OutcomeT = TypeVar("OutcomeT")
RefusalT = TypeVar("RefusalT")


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


def receipt_of(bid: BidValue, *, partition: int, offset: int, log_time: datetime) -> Receipt:
    """Return the receipt for this record of a bid."""
    return Receipt(
        bid_id=str(bid.bid_id),
        key=bid.key,
        auction_id=bid.auction_id,
        amount=bid.amount,
        kind=bid.kind,
        partition=partition,
        offset=offset,
        log_time=rfc3339(log_time),
    )


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


class BidderOutcome(Outcome, frozen=True, kw_only=True, omit_defaults=True):
    """An outcome and whose it is; `traceparent` names the sampled traces of its bid.

    `repeated`: it was given before, and this record of the bid had no effect.
    """

    bid_id: str
    bidder_id: int
    key: str
    traceparent: str | None = None
    repeated: bool = False


class NewBidderOutcome(BidderOutcome, frozen=True, kw_only=True):
    """The same as it is written, with the id as settling has it."""

    bid_id: UUID  # type: ignore[assignment]


class BidderRefusal(Refusal, frozen=True, kw_only=True):
    """A refusal and whose it is."""

    bidder_id: int


class AuctionVersion(Struct, frozen=True):
    """What identifies an event: settles of an auction are counted."""

    auction_id: int
    version: int


class AuctionEventValue(
    AuctionVersion, Generic[StateT, OutcomeT, RefusalT], frozen=True, kw_only=True
):
    """What one settle did to one auction: its state, and outcomes and refusals for their bidders.

    Written with an `AuctionState`, `NewBidderOutcome` and `BidderRefusal`. Whoever passes parts on
    reads those as they stand.
    """

    v: int
    state: StateT
    outcomes: list[OutcomeT]
    refused: list[RefusalT]


RawAuctionEvent = AuctionEventValue[Raw, Raw, Raw]
auction_event_decoder = msgspec.json.Decoder(RawAuctionEvent)
auction_version_decoder = msgspec.json.Decoder(AuctionVersion)


class _Versioned(Struct):
    v: Annotated[int, Meta(ge=1, le=INT64_MAX)]


_version_decoder = msgspec.json.Decoder(_Versioned)


def version_of(value: bytes | str) -> int:
    """The schema version that a record of any topic names; 0 when it names none."""
    try:
        return _version_decoder.decode(value).v
    except (ValueError, RecursionError):
        return 0
