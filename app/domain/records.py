"""The records of an auction's log, decoded: bids, and the five control records.

Every record has its position in the topic and its log time, the broker's append time in whole
milliseconds: the only clock that decides (invariant I15).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

BidKind = Literal["exact", "max"]


@dataclass(frozen=True, slots=True)
class Position:
    """Partition and offset of a record in the topic of bids."""

    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class BidPlaced:
    """A bid: `amount` is the most the bidder will pay, in minor units (rule 2).

    `limit` and `blocked` are the bidder's right to bid, as the gateway stamped it (rule 20): the
    most they may bid in this currency, None in records without one; and whether this seller has
    blocked them.
    """

    bid_id: UUID
    bidder_id: int
    amount: int
    kind: BidKind
    confirm: bool
    key: str
    position: Position
    log_time: datetime
    limit: int | None = None
    blocked: bool = False


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
class CancelRequested:
    """A request to cancel the auction (rule 16)."""

    actor_id: int
    reason: str | None
    position: Position
    log_time: datetime


@dataclass(frozen=True, slots=True)
class ReserveLoweringRequested:
    """A request to lower the reserve to `reserve_price`, in minor units (rule 10)."""

    actor_id: int
    reserve_price: int
    position: Position
    log_time: datetime


@dataclass(frozen=True, slots=True)
class VoidRequested:
    """An admin's request to void the bids of `bidder_id` (rule 20)."""

    actor_id: int
    bidder_id: int
    reason: str
    position: Position
    log_time: datetime


Control = StartDue | CloseDue | CancelRequested | ReserveLoweringRequested | VoidRequested
Record = BidPlaced | Control
