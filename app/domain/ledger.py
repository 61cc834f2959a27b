"""The ledger of one auction: folds its log, record by record, into state and entries.

Adds to the pure decision what needs a memory. A repeat gets the first outcome again and a key used
for another bid is refused (both leave the auction unchanged, decision time included, so that the
fold of a log equals that of the log without its repeats). Bidders get their aliases, and every
decision is chained to the one before. The result does not depend on how the log is cut into
batches, provided each ledger gets the aliases and bids of the one before.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final
from uuid import UUID

from app.domain.auction import Auction
from app.domain.contest import NO_HISTORY, Effective
from app.domain.decide import decide
from app.domain.decision import BidDecision, ControlDecision, KnownStatus, Outcome
from app.domain.decision_log import (
    ControlType,
    LoggedBid,
    LoggedControl,
    LogLine,
    bid_line,
    control_line,
)
from app.domain.records import (
    BidKind,
    BidPlaced,
    CancelRequested,
    CloseDue,
    Control,
    Record,
    ReserveLoweringRequested,
    StartDue,
    VoidRequested,
)


@dataclass(frozen=True, slots=True)
class KnownBid:
    """A bid met before: its body, and its outcome unless it failed (was dead-lettered)."""

    amount: int
    kind: BidKind
    status: KnownStatus
    outcome: Outcome | None

    def __post_init__(self) -> None:
        if (self.outcome is None) != (self.status == "failed"):
            raise ValueError("a known bid has an outcome unless it failed")


@dataclass(frozen=True, slots=True)
class DecidedBid:
    """A bid decided now.

    `leader_alias` is the alias of the leader after it, so also that of an automatic answer.
    """

    record: BidPlaced
    decision: BidDecision
    alias: int
    leader_alias: int | None
    lines: tuple[LogLine, ...]


@dataclass(frozen=True, slots=True)
class DecidedControl:
    """A control record decided now, also one that had no effect or was refused."""

    record: Control
    decision: ControlDecision
    logged: LoggedControl
    lines: tuple[LogLine, ...]


@dataclass(frozen=True, slots=True)
class RepeatedBid:
    """The same bid again, `confirm` aside: it gets the first outcome, and has no effect."""

    record: BidPlaced
    outcome: Outcome
    alias: int


@dataclass(frozen=True, slots=True)
class ReusedKey:
    """The key of an answered bid with another amount or kind: refused, no effect."""

    record: BidPlaced


Entry = DecidedBid | DecidedControl | RepeatedBid | ReusedKey

_LOG_TYPES: Final[Mapping[type[Control], ControlType]] = {
    StartDue: "start",
    CloseDue: "close",
    CancelRequested: "cancel",
    ReserveLoweringRequested: "reserve",
    VoidRequested: "void",
}
_NOTHING: Final[Mapping[int, int]] = MappingProxyType({})
_NO_BIDS: Final[Mapping[UUID, KnownBid]] = MappingProxyType({})


class Ledger:
    """Applies records to one auction, in log order.

    `aliases` must hold the alias of every bidder in the records to come who has one, and that of
    the leader; `known` every bid already answered or failed whose `bid_id` is among them. With a
    `void` among the records, `history` must hold all that had an effect before them, in log order,
    and `aliases` the bidders of all that. More does no harm. Raises ValueError when the leader's
    alias is missing.
    """

    def __init__(
        self,
        auction: Auction,
        *,
        aliases: Mapping[int, int] = _NOTHING,
        known: Mapping[UUID, KnownBid] = _NO_BIDS,
        history: Sequence[Effective] = NO_HISTORY,
    ) -> None:
        if auction.leader_id is not None and auction.leader_id not in aliases:
            raise ValueError("the alias of the leader is missing")
        self._auction = auction
        self._aliases = dict(aliases)
        self._known = dict(known)
        self._history = list(history)
        # Kept beside the state and joined on reading: a new state per hash would cost a fifth.
        self._alias_count = auction.alias_count
        self._chain = auction.chain

    @property
    def auction(self) -> Auction:
        """The auction after every record applied so far; its version is untouched."""
        return replace(self._auction, chain=self._chain, alias_count=self._alias_count)

    @property
    def aliases(self) -> Mapping[int, int]:
        """Aliases by bidder: those given and those allotted since."""
        return MappingProxyType(self._aliases)

    @property
    def known(self) -> Mapping[UUID, KnownBid]:
        """Bids by id: those given and those answered since."""
        return MappingProxyType(self._known)

    @property
    def history(self) -> Sequence[Effective]:
        """The effective records: those passed in, and those applied since."""
        return tuple(self._history)

    def apply(self, record: Record) -> Entry:
        """Decide the next record of the log, or recognise it."""
        if not isinstance(record, BidPlaced):
            return self._control(record)
        known = self._known.get(record.bid_id)
        if known is None or known.outcome is None:
            return self._decided(record)
        if (record.amount, record.kind) != (known.amount, known.kind):
            return ReusedKey(record)
        return RepeatedBid(record, known.outcome, self._aliases[record.bidder_id])

    def _decided(self, bid: BidPlaced) -> DecidedBid:
        self._auction, decision = decide(self._auction, bid)
        alias = self._alias(bid.bidder_id)
        leader_alias = self._leader_alias()
        lines = self._bid_lines(bid, decision, alias)
        outcome = decision.outcome
        self._known[bid.bid_id] = KnownBid(bid.amount, bid.kind, outcome.status, outcome)
        if outcome.status == "accepted":
            self._history.append(bid)
        return DecidedBid(bid, decision, alias, leader_alias, lines)

    def _bid_lines(self, bid: BidPlaced, decision: BidDecision, alias: int) -> tuple[LogLine, ...]:
        amount, outcome, position = decision.public_amount, decision.outcome, bid.position
        logged = LoggedBid("bid", bid.bid_id, alias, amount, bid.kind, position, outcome)
        line = bid_line(self._chain, logged)
        self._chain = line.hash
        answer = decision.automatic
        if answer is None:
            return (line,)
        logged = LoggedBid(
            type="automatic",
            bid_id=answer.bid_id,
            alias=self._aliases[answer.bidder_id],
            amount=answer.amount,
            kind=None,
            position=position,
            outcome=replace(outcome, standing="leading", seq=answer.seq),
        )
        answer_line = bid_line(self._chain, logged)
        self._chain = answer_line.hash
        return line, answer_line

    def _control(self, record: Control) -> DecidedControl:
        self._auction, decision = decide(self._auction, record, self._history)
        if isinstance(record, ReserveLoweringRequested) and decision.effect == "reserve_lowered":
            self._history.append(record)
        logged = LoggedControl(
            type=_LOG_TYPES[type(record)],
            position=record.position,
            decided_at=decision.decided_at,
            effect=decision.effect,
            code=decision.code,
            price=self._auction.price,
            ends_at=self._auction.ends_at,
            winner=None if self._auction.winner_id is None else self._leader_alias(),
            alias=self._aliases.get(record.bidder_id)
            if isinstance(record, VoidRequested)
            else None,
            leader=self._leader_alias() if isinstance(record, VoidRequested) else None,
        )
        line = control_line(self._chain, logged)
        self._chain = line.hash
        return DecidedControl(record, decision, logged, (line,))

    def _alias(self, bidder_id: int) -> int:
        """Rule 17: from 1, in the order of the first decided bid, a rejected one too."""
        alias = self._aliases.get(bidder_id)
        if alias is None:
            self._alias_count += 1
            alias = self._aliases[bidder_id] = self._alias_count
        return alias

    def _leader_alias(self) -> int | None:
        leader_id = self._auction.leader_id
        return None if leader_id is None else self._aliases[leader_id]


def fold(
    auction: Auction,
    records: Iterable[Record],
    *,
    aliases: Mapping[int, int] = _NOTHING,
    known: Mapping[UUID, KnownBid] = _NO_BIDS,
    history: Sequence[Effective] = NO_HISTORY,
) -> tuple[Auction, tuple[Entry, ...]]:
    """The auction after `records`, and one entry for each of them in order."""
    ledger = Ledger(auction, aliases=aliases, known=known, history=history)
    entries = tuple(ledger.apply(record) for record in records)
    return ledger.auction, entries
