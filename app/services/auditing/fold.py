"""Folds an auction again from its log and compares the result with the stored rows: I7 and I15.

The fold is that of settling, batch by batch: repeats are recognised by their stored answer, which
was itself compared at its record. So no bid is kept in memory.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from app.domain.auction import Auction, genesis
from app.domain.contest import NO_HISTORY, Effective
from app.domain.errors import KEY_REUSED
from app.domain.ledger import DecidedBid, DecidedControl, Entry, KnownBid, Ledger, RepeatedBid
from app.domain.records import Record
from app.domain.time import rfc3339
from app.services.auditing.rows import BidRow, DecisionRow
from lanes.audit import AuditResults, StoredRow

COMPARED: Final = (
    "status", "price", "leader_id", "leader_maximum", "bid_count", "ends_at", "extensions",
    "reserve_price", "reserve_lowered", "winner_id", "winning_amount", "closed_at", "alias_count",
    "voided_ids",
)  # fmt: skip
"""What settling writes, the version aside, which counts settles, and chain and time: those are
compared with every decision."""

_BID_COLUMNS: Final = (
    "status", "code", "seq", "standing", "alias", "public_amount", "price", "minimum_next_bid",
    "ends_at", "decided_at", "log_time", "chain",
)  # fmt: skip
_CONTROL_COLUMNS: Final = (
    "type", "effect", "code", "decided_at", "log_time", "price", "ends_at", "winner", "alias",
    "leader", "chain",
)  # fmt: skip
_IN_DETAIL: Final = ("price", "ends_at", "winner", "alias", "leader")


class Fold:
    """The fold of one auction."""

    def __init__(self, stored: Auction, results: AuditResults) -> None:
        self._results = results
        self._auction = genesis(stored)
        self._aliases: Mapping[int, int] = {}
        self._ledger: Ledger | None = None

    def begin(
        self, known: Mapping[UUID, KnownBid], history: Sequence[Effective] = NO_HISTORY
    ) -> None:
        """Begin a batch; `known` are the answers to earlier bids among its records.

        `history` are the effective records before it, if there is a void among them.
        """
        self._ledger = Ledger(self._auction, aliases=self._aliases, known=known, history=history)

    def has_alias(self, bidder_id: int) -> bool:
        """Return whether a bid of this user was decided before."""
        return bidder_id in self._aliases

    def apply(self, record_id: str, record: Record, stored_rows: Sequence[StoredRow]) -> None:
        """Decide the next record and compare the decision with the stored rows, if there are
        any."""
        if self._ledger is None:
            raise RuntimeError("no batch was begun")
        try:
            entry = self._ledger.apply(record)
        except Exception as error:  # noqa: BLE001 - the code that decides is audited, too
            self._results["I15"].checked += 1
            self._results["I15"].violation(
                f"{record_id}: deciding it raises {type(error).__name__}"
            )
            return
        rows = [stored_row.row for stored_row in stored_rows if stored_row.kind != "failure"]
        if rows:
            self._compare(record_id, entry, rows)

    def end(self) -> None:
        """End the batch."""
        if self._ledger is not None:
            self._auction, self._aliases = self._ledger.auction, self._ledger.aliases
            self._ledger = None

    def compare_state(self, stored: Auction) -> None:
        """Compare the folded auction with `stored` (I7), after the last record."""
        where = f"auction {stored.terms.auction_id}"
        wrong = [
            f"{name} {getattr(stored, name)}, by its log {getattr(self._auction, name)}"
            for name in COMPARED
            if getattr(stored, name) != getattr(self._auction, name)
        ]
        self._results["I7"].check(not wrong, f"{where}: " + "; ".join(wrong))
        ends = (stored.chain, stored.decided_at) == (self._auction.chain, self._auction.decided_at)
        line = f"{where}: its decisions do not end as its log does: chain or decision time differ"
        self._results["I15"].check(ends, line)

    def _compare(self, record_id: str, entry: Entry, rows: Sequence[BidRow | DecisionRow]) -> None:
        expected = _expected(entry)
        found = [_stored_values(row) for row in rows]
        wrong = [] if expected == found else list(_differences(expected, found))
        self._results["I15"].checked += 1
        if wrong:
            self._results["I15"].violation(f"{record_id} {rows[0]}: " + "; ".join(wrong))


def _expected(entry: Entry) -> list[dict[str, Any]]:
    if isinstance(entry, DecidedBid):
        return _bids(entry)
    if isinstance(entry, DecidedControl):
        return [_control(entry)]
    if isinstance(entry, RepeatedBid):
        return [{"effect": "repeat", "code": None}]
    return [{"effect": "refused", "code": KEY_REUSED}]


def _bids(entry: DecidedBid) -> list[dict[str, Any]]:
    outcome, answer = entry.decision.outcome, entry.decision.automatic
    values = (
        outcome.status, outcome.code, outcome.seq, outcome.standing, entry.alias,
        entry.decision.public_amount, outcome.price, outcome.minimum_next_bid, outcome.ends_at,
        outcome.decided_at, entry.record.log_time, entry.lines[0].hash,
    )  # fmt: skip
    bid = dict(zip(_BID_COLUMNS, values, strict=True))
    if answer is None:
        return [bid]
    changed = {
        "seq": answer.seq,
        "standing": "leading",
        "alias": entry.leader_alias,
        "public_amount": answer.amount,
        "chain": entry.lines[1].hash,
    }
    return [bid, bid | changed]


def _control(entry: DecidedControl) -> dict[str, Any]:
    logged = entry.logged
    values = (
        logged.type, logged.effect, logged.code, logged.decided_at, entry.record.log_time,
        logged.price, rfc3339(logged.ends_at), logged.winner, logged.alias, logged.leader,
        entry.lines[0].hash,
    )  # fmt: skip
    return dict(zip(_CONTROL_COLUMNS, values, strict=True))


def _stored_values(row: BidRow | DecisionRow) -> dict[str, Any]:
    if isinstance(row, BidRow):
        return {name: getattr(row, name) for name in _BID_COLUMNS}
    if row.type == "bid":
        return {"effect": row.effect, "code": row.code}
    return {
        name: row.detail.get(name) if name in _IN_DETAIL else getattr(row, name)
        for name in _CONTROL_COLUMNS
    }


def _differences(expected: list[dict[str, Any]], found: list[dict[str, Any]]) -> list[str]:
    if [set(row) for row in expected] != [set(row) for row in found]:
        return [f"stored as {_shortened(found)}, by the log it is {_shortened(expected)}"]
    return [
        f"{name} {stored[name]}, by the log {expected_row[name]}"
        for expected_row, stored in zip(expected, found, strict=True)
        for name in expected_row
        if expected_row[name] != stored[name]
    ]


def _shortened(rows: list[dict[str, Any]]) -> str:
    return " and ".join(str(row.get("status") or row.get("effect")) for row in rows)
