"""What the log of an auction holds, decoded: bids, and the four control records.

Every record has its position in the log and its log time, the broker's append time in whole
milliseconds: the only clock that decides (invariant I15).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

BidKind = Literal["exact", "max"]


@dataclass(frozen=True, slots=True)
class Position:
    """Where a record lies in the topic of bids."""

    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class BidPlaced:
    """A bid: `amount` is the most the bidder will pay, in minor units (rule 2)."""

    bid_id: UUID
    bidder_id: int
    amount: int
    kind: BidKind
    confirm: bool
    key: str
    position: Position
    log_time: datetime


@dataclass(frozen=True, slots=True)
class StartDue:
    """The clock says that a scheduled auction should open."""

    position: Position
    log_time: datetime


@dataclass(frozen=True, slots=True)
class CloseDue:
    """The clock says that an auction should close; decided like all else (rule 13)."""

    position: Position
    log_time: datetime


@dataclass(frozen=True, slots=True)
class CancelAsked:
    """Somebody asks to cancel the auction (rule 16)."""

    actor_id: int
    reason: str | None
    position: Position
    log_time: datetime


@dataclass(frozen=True, slots=True)
class ReserveAsked:
    """Somebody asks to lower the reserve to `reserve_price`, minor units (rule 10)."""

    actor_id: int
    reserve_price: int
    position: Position
    log_time: datetime


Control = StartDue | CloseDue | CancelAsked | ReserveAsked
Record = BidPlaced | Control
