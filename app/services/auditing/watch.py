"""What the rows of an auction must be whatever decided them: invariants I5, I6, I8, I9 and I10.

Of rule 20: whose bids were voided has no accepted bid any more (I9), and the price falls only then.

Nothing here asks the decision function, so that a wrong one is noticed, too. Rows come in the
order of the log; what is remembered of an auction is what its earlier rows say.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from app.domain.auction import Auction, covers, genesis
from app.domain.ids import automatic_bid_id, bid_id
from app.services.auditing.rows import BidRow, DecisionRow
from app.services.auditing.tallies import Tallies

ENDINGS = ("sold", "unsold", "cancelled")


@dataclass(slots=True)
class _Seen:
    """An auction after the rows seen so far."""

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
    """Watches the rows of one auction go by."""

    def __init__(self, auction: Auction, tallies: Tallies) -> None:
        begun = genesis(auction)
        self._terms = auction.terms
        self._tallies = tallies
        self._seen = _Seen(begun.price, begun.ends_at, begun.reserve_price)

    def bid(self, place: str, row: BidRow, cause: BidRow | None) -> None:
        """The next row of `bids`; `cause` is the bid that an automatic one answers."""
        self._check_identity(place, row, cause)
        if row.status != "accepted" or row.price is None or row.decided_at is None:
            return
        where = f"{place} {row}"
        self._check_order(where, row)
        bought = self._buys(row)
        self._check_price(where, row, row.price, bought=bought)
        self._check_time(where, row, row.decided_at)
        self._remember(row, row.price, bought=bought)

    def decision(self, place: str, row: DecisionRow) -> None:
        """The next row of `decisions`."""
        if row.effect == "reserve_lowered":
            self._seen.reserve_price = row.detail["reserve_price"]
            self._seen.price = row.detail["price"]
        if row.effect == "bids_voided":
            self._void(f"{place} {row}", row)
        if row.effect in ENDINGS:
            self._check_ending(f"{place} {row}", row)
            self._seen.endings += 1

    def end(self, auction: Auction) -> None:
        """All rows are seen; `auction` is as its own row says."""
        seen, where = self._seen, f"auction {auction.terms.auction_id}"
        tally = self._tallies["I10"]
        if not auction.ended and not seen.endings:
            return
        tally.checked += 1
        if seen.endings != int(auction.ended):
            tally.violation(f"{where} is {auction.status} after {seen.endings} endings in its log")
        elif auction.winner_id != seen.winner_id:
            said = f"the winner is {auction.winner_id}, by its rows {seen.winner_id}"
            tally.violation(f"{where}: {said}")

    def _check_identity(self, place: str, row: BidRow, cause: BidRow | None) -> None:
        if row.key is not None:
            derived = bid_id(row.bidder_id, row.auction_id, row.key)
        elif cause is not None:
            derived = automatic_bid_id(UUID(cause.bid_id))
        else:
            self._tallies["I5"].judge(False, f"{place} {row} answers no bid")  # noqa: FBT003
            return
        line = f"{place} {row}: its bidder, auction and key make it {derived}"
        self._tallies["I5"].judge(str(derived) == row.bid_id, line)

    def _check_order(self, where: str, row: BidRow) -> None:
        expected = self._seen.seq + 1
        line = f"{where} has seq {row.seq}, not {expected}"
        self._tallies["I6"].judge(row.seq == expected, line)

    def _buys(self, row: BidRow) -> bool:
        """Rule 11, as its row shows it: at the buy-now price, and over at that moment."""
        buy_now_price = self._terms.buy_now_price
        if buy_now_price is None or row.automatic or row.amount < buy_now_price:
            return False
        return row.price == buy_now_price and row.ends_at == row.decided_at

    def _check_price(self, where: str, row: BidRow, price: int, *, bought: bool) -> None:
        seen, tally = self._seen, self._tallies["I8"]
        tally.checked += 1
        if price < seen.price:
            tally.violation(f"{where}: the price falls from {seen.price} to {price}")
        if row.automatic or bought or row.bidder_id == seen.leader_id:
            return
        minimum = self._minimum()
        if row.amount < minimum:
            tally.violation(f"{where}: amount {row.amount} is under the minimum {minimum}")

    def _minimum(self) -> int:
        """Rule 3."""
        if self._seen.leader_id is None:
            return self._terms.starting_price
        return self._seen.price + self._terms.step_table.step(self._seen.price)

    def _check_time(self, where: str, row: BidRow, decided_at: datetime) -> None:
        tally = self._tallies["I9"]
        tally.checked += 1
        if row.bidder_id == self._terms.seller_id:
            tally.violation(f"{where} is by the seller")
        if row.bidder_id in self._seen.voided_ids:
            tally.violation(f"{where} is by somebody whose bids were voided")
        if self._seen.endings:
            tally.violation(f"{where} is accepted after the end took effect")
        elif not self._terms.starts_at <= decided_at < self._seen.ends_at:
            span = f"[{self._terms.starts_at}, {self._seen.ends_at})"
            tally.violation(f"{where} is accepted at {decided_at}, outside {span}")

    def _remember(self, row: BidRow, price: int, *, bought: bool) -> None:
        seen = self._seen
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
        """Rule 20: of the others the earliest of the highest leads, at no higher price."""
        seen, price = self._seen, row.detail["price"]
        seen.voided_ids.add(row.detail["bidder_id"])
        seen.highest.pop(row.detail["bidder_id"], None)
        leader_id = max(seen.highest, key=lambda bidder: seen.highest[bidder], default=None)
        maximum = None if leader_id is None else seen.highest[leader_id][0]
        least = self._terms.starting_price
        most = least if maximum is None else min(seen.price, maximum)
        line = f"{where}: the price goes from {seen.price} to {price}, it may be {least} to {most}"
        self._tallies["I8"].judge(least <= price <= most, line)
        seen.leader_id, seen.leader_maximum, seen.price = leader_id, maximum, price
        seen.ends_at = datetime.fromisoformat(row.detail["ends_at"])

    def _check_ending(self, where: str, row: DecisionRow) -> None:
        """Rules 10 and 13."""
        seen, tally = self._seen, self._tallies["I10"]
        if seen.endings:
            tally.violation(f"{where}: {row.effect}, though it had ended")
            return
        if row.effect == "cancelled":
            return
        if row.decided_at < seen.ends_at:
            tally.violation(f"{where}: {row.effect} at {row.decided_at}, before {seen.ends_at}")
        met = seen.reserve_price is None or covers(seen.leader_maximum, seen.reserve_price)
        sells = seen.leader_id is not None and met
        if (row.effect == "sold") != sells:
            tally.violation(f"{where}: {row.effect}, leader {seen.leader_id}, reserve met: {met}")
        seen.winner_id = seen.leader_id if sells else None
