"""What travels over Redis to the gateways (channels.py), and what a room's capped list holds.

What one settle did is published in parts: its state, as it is, for those who watch the auction, the
lines of the list for those who watch that, and to each bidder their own outcomes.
"""

from typing import Generic

import msgspec
from msgspec import Struct

from app.protocol.outcomes import AuctionState, PriceState
from app.protocol.pushes import PriceItem
from app.protocol.records import BidderOutcome, BidderRefusal, ChatMessageValue, OutcomeT, RefusalT
from app.protocol.resources import ChatMessage, Notice, Person


class UserOutcomes(Struct, Generic[OutcomeT, RefusalT], frozen=True):
    """On `user:{id}`: what one settle did with this user's bids on one auction.

    Broadcast writes each outcome and refusal as it stands in the event.
    """

    auction_id: int
    outcomes: list[OutcomeT]
    refused: list[RefusalT]


class Addressee(Struct, frozen=True, gc=False):
    """The bidder of an outcome or a refusal."""

    bidder_id: int


class RoomPublication(Struct, frozen=True, omit_defaults=True):
    """On `room:{id}`, and in a room's capped list: the record's value and its offset.

    Only on the channel, which keeps nothing, is the sender's name.
    """

    seq: int
    message: ChatMessageValue
    sender_nickname: str = ""


class UserNotice(Struct, frozen=True):
    """On `notice:{id}`: the notice, and whose it is."""

    user_id: int
    notice: Notice


class SessionEnded(Struct, frozen=True):
    """On `session`: all sockets of this session close with 4401.

    Where a user is named it is all of that user's, but those of the session that is `kept`.
    """

    session_id: str
    user_id: int | None = None
    kept: str | None = None


class SocketEvicted(Struct, frozen=True):
    """On `eviction`: this socket closes with 4409, a newer one of the user has its place."""

    user_id: int
    socket_id: str


class RightsChanged(Struct, frozen=True):
    """On `rights`: what this user may bid is read anew, as far as it is this seller's to say."""

    user_id: int
    seller_id: int | None = None


class Backlog(Struct, frozen=True):
    """On `backlog`, once a second: how far behind those are who work a topic off.

    `fill` is what waits as a share of its limit, 1.0 being full; `behind_s` is how long ago the
    oldest that waits came; `published_at`, in seconds since 1970, when this was published; `stuck`
    names the pipelines of the bridge that published it whose step does not end.
    """

    topic: str
    fill: float
    behind_s: float
    published_at: float | None = None
    stuck: tuple[str, ...] = ()


addressee_decoder = msgspec.json.Decoder(Addressee)
price_state_decoder = msgspec.json.Decoder(PriceState)
price_items_decoder = msgspec.json.Decoder(list[PriceItem])
user_outcomes_decoder = msgspec.json.Decoder(UserOutcomes[BidderOutcome, BidderRefusal])
auction_state_decoder = msgspec.json.Decoder(AuctionState)
room_publication_decoder = msgspec.json.Decoder(RoomPublication)
user_notice_decoder = msgspec.json.Decoder(UserNotice)
session_ended_decoder = msgspec.json.Decoder(SessionEnded)
socket_evicted_decoder = msgspec.json.Decoder(SocketEvicted)
rights_changed_decoder = msgspec.json.Decoder(RightsChanged)
backlog_decoder = msgspec.json.Decoder(Backlog)


def published_message(publication: RoomPublication) -> ChatMessage:
    """The message as members see it."""
    value = publication.message
    return ChatMessage(
        seq=publication.seq,
        message_id=str(value.message_id),
        sender=Person(value.sender_id, publication.sender_nickname),
        text=value.text,
        at=value.sent_at,
    )
