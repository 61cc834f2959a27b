"""Invariants of an auction's rows that hold whatever decided them: I5, I6, I8, I9 and I10.

Of rule 20: a bidder whose bids were voided has no later accepted bid (I9), and only a void lowers
the price. Nothing here calls the decision function, so a wrong one is noticed too. Rows come in the
order of the log; only the state after the earlier rows is kept.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from app.domain.auction import Auction, covers, genesis
from app.domain.ids import automatic_bid_id, bid_id
from app.services.auditing.rows import BidRow, DecisionRow
from lanes.audit import AuditResults

ENDINGS = ("sold", "unsold", "cancelled")


@dataclass(slots=True)
class _AuctionSoFar:
    """An auction after the rows read so far."""

    price: int
    ends_at: datetime
    reserve_price: int | None
    seq: int = 0
    leader_id: int | None = None
    leader_maximum: int | None = None
    winner_id: int | None = None
    endings: int = 0
    # By bidder the highest accepted amount and, negative, its seq: of equals the earlier is more.
    highest: dict[int, tuple[int, int]] = field(default_factory=dict)
    voided_ids: set[int] = field(default_factory=set)


class RowWatch:
    """Checks the rows of one auction, one after the other."""

    def __init__(self, auction: Auction, results: AuditResults) -> None:
        begun = genesis(auction)
        self._terms = auction.terms
        self._results = results
        self._so_far = _AuctionSoFar(begun.price, begun.ends_at, begun.reserve_price)

    def bid(self, record_id: str, row: BidRow, cause: BidRow | None) -> None:
        """Check the next row of `bids`; `cause` is the bid that an automatic row answers."""
        self._check_identity(record_id, row, cause)
        if row.status != "accepted" or row.price is None or row.decided_at is None:
            return
        where = f"{record_id} {row}"
        self._check_order(where, row)
        bought = self._buys(row)
        self._check_price(where, row, row.price, bought=bought)
        self._check_time(where, row, row.decided_at)
        self._apply(row, row.price, bought=bought)

    def decision(self, record_id: str, row: DecisionRow) -> None:
        """Check the next row of `decisions`."""
        if row.effect == "reserve_lowered":
            self._so_far.reserve_price = row.detail["reserve_price"]
            self._so_far.price = row.detail["price"]
        if row.effect == "bids_voided":
            self._void(f"{record_id} {row}", row)
        if row.effect in ENDINGS:
            self._check_ending(f"{record_id} {row}", row)
            self._so_far.endings += 1

    def end(self, auction: Auction) -> None:
        """Compare with the auction's own row, after the last row."""
        seen, where = self._so_far, f"auction {auction.terms.auction_id}"
        result = self._results["I10"]
        if not auction.ended and not seen.endings:
            return
        result.checked += 1
        if seen.endings != int(auction.ended):
            result.violation(f"{where} is {auction.status} after {seen.endings} endings in its log")
        elif auction.winner_id != seen.winner_id:
            fault = f"the winner is {auction.winner_id}, by its rows {seen.winner_id}"
            result.violation(f"{where}: {fault}")

    def _check_identity(self, record_id: str, row: BidRow, cause: BidRow | None) -> None:
        if row.key is not None:
            derived = bid_id(row.bidder_id, row.auction_id, row.key)
        elif cause is not None:
            derived = automatic_bid_id(UUID(cause.bid_id))
        else:
            self._results["I5"].check(False, f"{record_id} {row} answers no bid")  # noqa: FBT003
            return
        line = f"{record_id} {row}: its bidder, auction and key make it {derived}"
        self._results["I5"].check(str(derived) == row.bid_id, line)

    def _check_order(self, where: str, row: BidRow) -> None:
        expected = self._so_far.seq + 1
        line = f"{where} has seq {row.seq}, not {expected}"
        self._results["I6"].check(row.seq == expected, line)

    def _buys(self, row: BidRow) -> bool:
        """Rule 11, as its row shows it: at the buy-now price, ending at the moment of the bid."""
        buy_now_price = self._terms.buy_now_price
        if buy_now_price is None or row.automatic or row.amount < buy_now_price:
            return False
        return row.price == buy_now_price and row.ends_at == row.decided_at

    def _check_price(self, where: str, row: BidRow, price: int, *, bought: bool) -> None:
        seen, result = self._so_far, self._results["I8"]
        result.checked += 1
        if price < seen.price:
            result.violation(f"{where}: the price falls from {seen.price} to {price}")
        if row.automatic or bought or row.bidder_id == seen.leader_id:
            return
        minimum = self._minimum()
        if row.amount < minimum:
            result.violation(f"{where}: amount {row.amount} is under the minimum {minimum}")

    def _minimum(self) -> int:
        """Rule 3."""
        if self._so_far.leader_id is None:
            return self._terms.starting_price
        return self._so_far.price + self._terms.step_table.step(self._so_far.price)

    def _check_time(self, where: str, row: BidRow, decided_at: datetime) -> None:
        result = self._results["I9"]
        result.checked += 1
        if row.bidder_id == self._terms.seller_id:
            result.violation(f"{where} is by the seller")
        if row.bidder_id in self._so_far.voided_ids:
            result.violation(f"{where} is by somebody whose bids were voided")
        if self._so_far.endings:
            result.violation(f"{where} is accepted after the end took effect")
        elif not self._terms.starts_at <= decided_at < self._so_far.ends_at:
            span = f"[{self._terms.starts_at}, {self._so_far.ends_at})"
            result.violation(f"{where} is accepted at {decided_at}, outside {span}")

    def _apply(self, row: BidRow, price: int, *, bought: bool) -> None:
        seen = self._so_far
        # The seq that is there: one that is wrong is one violation, not one for each that follows.
        seen.seq = row.seq or seen.seq
        seen.price = price
        seen.ends_at = row.ends_at or seen.ends_at
        if not row.automatic:
            seen.highest[row.bidder_id] = (row.amount, -seen.seq)
        if row.standing == "leading" and not row.automatic:
            seen.leader_id, seen.leader_maximum = row.bidder_id, row.amount
        if bought:
            seen.endings += 1
            seen.winner_id = row.bidder_id

    def _void(self, where: str, row: DecisionRow) -> None:
        """Rule 20: of the remaining bidders the earliest with the highest amount leads, at no
        higher price."""
        seen, price = self._so_far, row.detail["price"]
        seen.voided_ids.add(row.detail["bidder_id"])
        seen.highest.pop(row.detail["bidder_id"], None)
        leader_id = max(seen.highest, key=lambda bidder: seen.highest[bidder], default=None)
        maximum = None if leader_id is None else seen.highest[leader_id][0]
        least = self._terms.starting_price
        most = least if maximum is None else min(seen.price, maximum)
        line = f"{where}: the price goes from {seen.price} to {price}, it may be {least} to {most}"
        self._results["I8"].check(least <= price <= most, line)
        seen.leader_id, seen.leader_maximum, seen.price = leader_id, maximum, price
        seen.ends_at = datetime.fromisoformat(row.detail["ends_at"])

    def _check_ending(self, where: str, row: DecisionRow) -> None:
        """Rules 10 and 13."""
        seen, result = self._so_far, self._results["I10"]
        if seen.endings:
            result.violation(f"{where}: {row.effect}, though it had ended")
            return
        if row.effect == "cancelled":
            return
        if row.decided_at < seen.ends_at:
            result.violation(f"{where}: {row.effect} at {row.decided_at}, before {seen.ends_at}")
        met = seen.reserve_price is None or covers(seen.leader_maximum, seen.reserve_price)
        sells = seen.leader_id is not None and met
        if (row.effect == "sold") != sells:
            result.violation(f"{where}: {row.effect}, leader {seen.leader_id}, reserve met: {met}")
        seen.winner_id = seen.leader_id if sells else None
