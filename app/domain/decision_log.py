"""The decision log: every decision of an auction, chained by SHA-256 (rule 18).

A line is canonical JSON (sorted keys, no spaces, UTF-8) that holds the hash of the line before, so
no line can be changed, dropped, added or moved without breaking every hash after it. Lines are
public once the auction has ended: bidders are aliases, and an amount is the public one of rule 17,
null where nothing may be shown (rejected bids, the reserve). A line contains only what is stored
with its row, so it can be written again from there.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, Literal
from uuid import UUID

from app.domain.auction import FIRST_PREVIOUS_HASH
from app.domain.decision import ControlEffect, Outcome
from app.domain.errors import BrokenChainError, ControlRefusal
from app.domain.records import BidKind, Position
from app.domain.time import rfc3339

ControlType = Literal["start", "close", "cancel", "reserve", "void"]

# From a template, not by `json`, which would cost as much per bid as deciding it. The shape never
# varies; tests compare it with the output of `json`.
_BID_BODY: Final = (
    '{"alias":%s,"amount":%s,"bid_id":"%s","decided_at":"%s","decision":{"code":%s,"ends_at":"%s",'
    '"minimum_next_bid":%s,"price":%s,"seq":%s,"standing":%s,"status":"%s"},"kind":%s,'
    '"position":{"offset":%s,"partition":%s},"previous_hash":"%s","type":"%s"}'
)


@dataclass(frozen=True, slots=True)
class LogLine:
    """One decision as published: its canonical JSON and the SHA-256 of that, in hex."""

    body: str
    hash: str


@dataclass(frozen=True, slots=True)
class LoggedBid:
    """A bid as the log shows it. `amount` is the public one; an automatic bid has no kind."""

    type: Literal["bid", "automatic"]
    bid_id: UUID
    alias: int
    amount: int | None
    kind: BidKind | None
    position: Position
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class LoggedControl:
    """A control record as the log shows it; price, end and the winner's alias are those after it.

    For a `void` it has the aliases of the voided bidder and of the leader after it: None for a
    bidder without bids, and for no leader.
    """

    type: ControlType
    position: Position
    decided_at: datetime
    effect: ControlEffect
    code: ControlRefusal | None
    price: int
    ends_at: datetime
    winner: int | None
    alias: int | None = None
    leader: int | None = None


def bid_line(previous_hash: str, bid: LoggedBid) -> LogLine:
    """The line of a bid after the line whose hash is `previous_hash`."""
    outcome = bid.outcome
    body = _BID_BODY % (
        bid.alias,
        _literal(bid.amount),
        bid.bid_id,
        rfc3339(outcome.decided_at),
        _literal(outcome.code),
        rfc3339(outcome.ends_at),
        _literal(outcome.minimum_next_bid),
        outcome.price,
        _literal(outcome.seq),
        _literal(outcome.standing),
        outcome.status,
        _literal(bid.kind),
        bid.position.offset,
        bid.position.partition,
        previous_hash,
        bid.type,
    )
    return _hashed(body)


def control_line(previous_hash: str, control: LoggedControl) -> LogLine:
    """The line of a control record, void and refused ones too.

    Its amount is null also for `reserve`: the reserve is never shown (rule 10).
    """
    body: dict[str, Any] = {
        "previous_hash": previous_hash,
        "type": control.type,
        "bid_id": None,
        "alias": control.alias,
        "amount": None,
        "kind": None,
        "position": {
            "partition": control.position.partition,
            "offset": control.position.offset,
        },
        "decided_at": rfc3339(control.decided_at),
        "decision": {
            "effect": control.effect,
            "code": control.code,
            "price": control.price,
            "ends_at": rfc3339(control.ends_at),
            "winner": control.winner,
        },
    }
    if control.type == "void":
        body["decision"]["leader"] = control.leader
    return _hashed(json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False))


def verify_chain(lines: Iterable[LogLine], head: str) -> None:
    """Raise `BrokenChainError` unless the lines are exactly those that lead to `head`.

    `head` is the hash of the last line, as kept with the auction: without it a log cut short
    could not be told from a whole one.
    """
    previous = FIRST_PREVIOUS_HASH
    count = 0
    for line in lines:
        if _hashed(line.body) != line:
            raise BrokenChainError(count, "its hash is not that of its text")
        if _previous_hash(line.body) != previous:
            raise BrokenChainError(count, "it does not follow the line before")
        previous = line.hash
        count += 1
    if previous != head:
        raise BrokenChainError(count, "the log does not end where the auction does")


def _previous_hash(body: str) -> str | None:
    try:
        content = json.loads(body)
    except ValueError:
        return None
    return content.get("previous_hash") if isinstance(content, dict) else None


def _literal(value: str | int | None) -> str:
    """JSON of a plain word, an integer or nothing; no word here needs escaping."""
    if value is None:
        return "null"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _hashed(body: str) -> LogLine:
    return LogLine(body=body, hash=sha256(body.encode()).hexdigest())
