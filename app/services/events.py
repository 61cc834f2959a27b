"""The `auction-event` message of one settle: the public state, and outcomes for their bidders."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET

from app.domain.auction import Auction
from app.domain.decision import Outcome as DomainOutcome
from app.domain.ledger import DecidedBid, Entry, RepeatedBid, ReusedKey
from app.domain.records import BidPlaced
from app.domain.time import rfc3339
from app.protocol.outcomes import AuctionState, Leader, Outcome, PublicBid, Winner
from app.protocol.records import AuctionEventValue

FAILED = Outcome(
    status="failed", standing=None, code=None, seq=None, alias=None, price=None,
    minimum_next_bid=None, ends_at=None, decided_at=None,
)  # fmt: skip
BIDS_SHOWN = 20  # a viewer who needs more reads the history (wire.md, auction.state)


Traces = Mapping[int, str]
"""By the offset of a sampled record, the contexts of its traces."""


def auction_event(
    auction: Auction, entries: Sequence[Entry], aliases: Mapping[int, int], traces: Traces
) -> AuctionEventValue:
    """Return the message of `entries`, after which `auction` stands."""
    bids = public_bids(entries)[-BIDS_SHOWN:]
    return AuctionEventValue(
        v=1,
        auction_id=auction.terms.auction_id,
        version=auction.version,
        state=msgspec.to_builtins(auction_state(auction, aliases, bids)),
        outcomes=[
            addressed for entry in entries if (addressed := _addressed_outcome(entry, traces))
        ],
        refused=[_refused(entry) for entry in entries if isinstance(entry, ReusedKey)],
    )


def failure_event(
    auction: Auction, bids: Iterable[BidPlaced], aliases: Mapping[int, int], traces: Traces
) -> AuctionEventValue:
    """Return the message that the bids `bids` have failed; `auction` is unchanged."""
    return AuctionEventValue(
        v=1,
        auction_id=auction.terms.auction_id,
        version=auction.version,
        state=msgspec.to_builtins(auction_state(auction, aliases, [])),
        outcomes=[_addressed(bid, FAILED, traces) for bid in bids],
        refused=[],
    )


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
        from_seq=bids[0].seq if bids else auction.bid_count + 1,
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


def outcome_of(outcome: DomainOutcome, *, alias: int) -> Outcome:
    """Return the outcome in its wire format."""
    return Outcome(
        status=outcome.status,
        standing=outcome.standing,
        code=outcome.code,
        seq=outcome.seq,
        alias=alias,
        price=outcome.price,
        minimum_next_bid=outcome.minimum_next_bid,
        ends_at=rfc3339(outcome.ends_at),
        decided_at=rfc3339(outcome.decided_at),
    )


def _addressed_outcome(entry: Entry, traces: Traces) -> dict[str, Any] | None:
    if isinstance(entry, DecidedBid):
        outcome = entry.decision.outcome
    elif isinstance(entry, RepeatedBid):
        outcome = entry.outcome
    else:
        return None
    addressed = _addressed(entry.record, outcome_of(outcome, alias=entry.alias), traces)
    return {**addressed, "repeated": True} if isinstance(entry, RepeatedBid) else addressed


def _addressed(bid: BidPlaced, outcome: Outcome, traces: Traces) -> dict[str, Any]:
    traceparent = traces.get(bid.position.offset)
    return {
        "bid_id": str(bid.bid_id),
        "bidder_id": bid.bidder_id,
        "key": bid.key,
        **msgspec.structs.asdict(outcome),
        **({} if traceparent is None else {"traceparent": traceparent}),
    }


def _refused(entry: ReusedKey) -> dict[str, Any]:
    bid = entry.record
    return {
        "bidder_id": bid.bidder_id,
        "key": bid.key,
        "amount": bid.amount,
        "kind": bid.kind,
        "partition": bid.position.partition,
        "offset": bid.position.offset,
        "code": "KEY_REUSED",
    }
