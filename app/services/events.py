"""The `auction-event` message of one settle: the public state, and outcomes for their bidders."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec import UNSET
from msgspec.structs import astuple

from app.domain.auction import Auction
from app.domain.decision import Outcome
from app.domain.errors import KEY_REUSED
from app.domain.ledger import DecidedBid, Entry, RepeatedBid, ReusedKey
from app.domain.records import BidPlaced
from app.domain.time import rfc3339
from app.protocol.outcomes import FAILED, AuctionState, Leader, PublicBid, Winner, first_seq
from app.protocol.records import VERSION, AuctionEventValue, BidderRefusal, NewBidderOutcome
from app.protocol.topics import AUCTION_EVENT
from lanes import OutboxMessage

BIDS_SHOWN = 20  # a viewer who needs more reads the history (wire.md, auction.state)


Traces = Mapping[int, str]
"""By the offset of a sampled record, the contexts of its traces."""

NewAuctionEvent = AuctionEventValue[AuctionState, NewBidderOutcome, BidderRefusal]


def auction_event(
    auction: Auction, entries: Sequence[Entry], aliases: Mapping[int, int], traces: Traces
) -> NewAuctionEvent:
    """Return the message of `entries`, after which `auction` stands."""
    bids = public_bids(entries)[-BIDS_SHOWN:]
    return AuctionEventValue(
        v=VERSION,
        auction_id=auction.terms.auction_id,
        version=auction.version,
        state=auction_state(auction, aliases, bids),
        outcomes=[
            _addressed(entry, traces)
            for entry in entries
            if isinstance(entry, DecidedBid | RepeatedBid)
        ],
        refused=[_refused(entry.record) for entry in entries if isinstance(entry, ReusedKey)],
    )


def failure_event(
    auction: Auction, bids: Iterable[BidPlaced], aliases: Mapping[int, int], traces: Traces
) -> NewAuctionEvent:
    """Return the message that the bids `bids` have failed; `auction` is unchanged."""
    return AuctionEventValue(
        v=VERSION,
        auction_id=auction.terms.auction_id,
        version=auction.version,
        state=auction_state(auction, aliases, []),
        outcomes=[_failed(bid, traces) for bid in bids],
        refused=[],
    )


def event_message(event: NewAuctionEvent) -> OutboxMessage:
    """Return the message as the outbox has it."""
    payload = msgspec.json.encode(event).decode()
    return OutboxMessage(AUCTION_EVENT.name, str(event.auction_id), payload)


def auction_state(
    auction: Auction, aliases: Mapping[int, int], bids: list[PublicBid]
) -> AuctionState:
    """Return the public state (rule 17); `aliases` must hold those of leader, winner and voided
    bidders."""
    leader, winner = auction.leader_id, auction.winner_id
    return AuctionState(
        version=auction.version,
        status=auction.status,
        price=auction.price,
        minimum_next_bid=auction.minimum_next_bid,
        bid_count=auction.bid_count,
        leader=None if leader is None else Leader(aliases[leader]),
        reserve=auction.reserve_state,
        ends_at=rfc3339(auction.ends_at),
        extensions=auction.extensions,
        winner=None if winner is None else Winner(aliases[winner], auction.price),
        last_ends_at=rfc3339(auction.terms.last_ends_at),
        bids=bids,
        from_seq=first_seq(bids, auction.bid_count),
        voided=voided_aliases(auction, aliases) or UNSET,
    )


def voided_aliases(auction: Auction, aliases: Mapping[int, int]) -> list[int]:
    """Return the aliases of voided bidders; one who had never bid has none."""
    return sorted(aliases[bidder] for bidder in auction.voided_ids if bidder in aliases)


def public_bids(entries: Iterable[Entry]) -> list[PublicBid]:
    """Return every accepted bid among `entries` as others see it, automatic answers included."""
    return [bid for entry in entries if isinstance(entry, DecidedBid) for bid in _public(entry)]


def _public(entry: DecidedBid) -> list[PublicBid]:
    decision = entry.decision
    outcome, automatic = decision.outcome, decision.automatic
    if outcome.seq is None or decision.public_amount is None:
        return []
    at = rfc3339(outcome.decided_at)
    shown = [PublicBid(outcome.seq, decision.public_amount, entry.alias, False, at)]  # noqa: FBT003
    if automatic is not None and entry.leader_alias is not None:
        answer = PublicBid(automatic.seq, automatic.amount, entry.leader_alias, True, at)  # noqa: FBT003
        shown.append(answer)
    return shown


def _addressed(entry: DecidedBid | RepeatedBid, traces: Traces) -> NewBidderOutcome:
    bid, repeated = entry.record, isinstance(entry, RepeatedBid)
    outcome: Outcome = entry.outcome if isinstance(entry, RepeatedBid) else entry.decision.outcome
    return NewBidderOutcome(
        status=outcome.status,
        standing=outcome.standing,
        code=outcome.code,
        seq=outcome.seq,
        alias=entry.alias,
        price=outcome.price,
        minimum_next_bid=outcome.minimum_next_bid,
        ends_at=rfc3339(outcome.ends_at),
        decided_at=rfc3339(outcome.decided_at),
        bid_id=bid.bid_id,
        bidder_id=bid.bidder_id,
        key=bid.key,
        traceparent=traces.get(bid.position.offset),
        repeated=repeated,
    )


def _failed(bid: BidPlaced, traces: Traces) -> NewBidderOutcome:
    return NewBidderOutcome(
        *astuple(FAILED),
        bid_id=bid.bid_id,
        bidder_id=bid.bidder_id,
        key=bid.key,
        traceparent=traces.get(bid.position.offset),
    )


def _refused(bid: BidPlaced) -> BidderRefusal:
    return BidderRefusal(
        key=bid.key,
        amount=bid.amount,
        kind=bid.kind,
        partition=bid.position.partition,
        offset=bid.position.offset,
        code=KEY_REUSED,
        bidder_id=bid.bidder_id,
    )
