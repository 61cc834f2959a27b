"""Decisions: a bid's outcome with its effects, or what a control record did."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from app.domain.errors import ControlRefusal, RejectionCode

DecidedStatus = Literal["accepted", "rejected"]
KnownStatus = Literal[DecidedStatus, "failed"]
Standing = Literal["leading", "outbid"]
ControlEffect = Literal[
    "opened", "void", "sold", "unsold", "cancelled", "reserve_lowered", "bids_voided", "refused"
]
"""`void`: a start or close that had no effect; `bids_voided`: what a `void` record did."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer to a bid, frozen as decided (wire.md); the bidder's alias is kept beside it.

    `seq` and `standing` are there exactly when it is accepted, `code` when it is rejected.
    Price, minimum and end are the auction's after this bid and its automatic answer; the
    minimum is None when nobody but the leader can bid any more.
    """

    status: DecidedStatus
    standing: Standing | None
    code: RejectionCode | None
    seq: int | None
    price: int
    minimum_next_bid: int | None
    ends_at: datetime
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class AutomaticBid:
    """The leader's answer to a challenge below the own maximum: a row of its own (rule 9)."""

    bid_id: UUID
    bidder_id: int
    amount: int
    seq: int


@dataclass(frozen=True, slots=True)
class BidDecision:
    """A bid's outcome and what else it did.

    `public_amount` is what others may see of an accepted bid (rule 17), None when rejected.
    `displaced_id` is the leader who lost the lead to this bid. `bought` says that it bought now
    and thereby ended the auction (rule 11).
    """

    outcome: Outcome
    public_amount: int | None
    automatic: AutomaticBid | None
    displaced_id: int | None
    bought: bool


@dataclass(frozen=True, slots=True)
class ControlDecision:
    """What a control record did; `code` says why a `refused` one did nothing. `new_leader_id` is
    the leader after another bidder was voided."""

    effect: ControlEffect
    code: ControlRefusal | None
    decided_at: datetime
    new_leader_id: int | None = None


Decision = BidDecision | ControlDecision
