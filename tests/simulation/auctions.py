"""The port AuctionStore on the store in memory: what the SQL does, row by row."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from app.domain.auction import Auction
from app.domain.contest import Effective
from app.domain.decision import Outcome
from app.domain.ledger import DecidedBid, DecidedControl, Entry, KnownBid
from app.domain.records import BidPlaced, ReserveLoweringRequested
from app.protocol.topics import AUCTION_BID
from app.services.settling import Batch, Bidder, Found, decided_bids, other_decisions
from lanes.errors import VersionConflictError
from lanes.testing.store import MemoryTransaction


@dataclass(frozen=True, slots=True)
class BidRow:
    """A row of `bids`, as far as the invariants look at it; an automatic one has no record."""

    bid_id: UUID
    bidder_id: int
    partition: int
    offset: int
    status: str
    amount: int
    seq: int | None = None
    record: BidPlaced | None = None
    outcome: Outcome | None = None


class MemoryAuctions:
    """The port AuctionStore."""

    def find(
        self, transaction: MemoryTransaction, bids: Mapping[int, Collection[BidPlaced]]
    ) -> dict[int, Found]:
        with transaction.statement():
            found = {one: self._found(transaction, one, ones) for one, ones in bids.items()}
        return {auction_id: one for auction_id, one in found.items() if one is not None}

    def _found(
        self, transaction: MemoryTransaction, auction_id: int, bids: Collection[BidPlaced]
    ) -> Found | None:
        auction = transaction.get("auctions", auction_id)
        if auction is None:
            return None
        bidder_ids = {auction.leader_id, *auction.voided_ids, *(bid.bidder_id for bid in bids)}
        return Found(
            auction,
            self.bidders(transaction, auction_id, bidder_ids - {None}),
            _known(transaction, {bid.bid_id for bid in bids}),
        )

    def bidders(
        self, transaction: MemoryTransaction, auction_id: int, bidder_ids: Collection[int]
    ) -> dict[int, Bidder]:
        with transaction.statement():
            found = {one: transaction.get("bidders", (auction_id, one)) for one in bidder_ids}
        return {bidder_id: row for bidder_id, row in found.items() if row is not None}

    def accepted_bidder_ids(self, transaction: MemoryTransaction, auction_id: int) -> set[int]:
        rows = transaction.scan("bids").items()
        return {row.bidder_id for (of, _), row in rows if of == auction_id and row.seq is not None}

    def history(
        self, transaction: MemoryTransaction, auction_id: int, *, before: int
    ) -> list[Effective]:
        rows = transaction.scan("effective").items()
        past = [record for (of, offset), record in rows if of == auction_id and offset < before]
        return sorted(past, key=lambda record: record.position.offset)

    def save(self, transaction: MemoryTransaction, batches: Sequence[Batch]) -> None:
        ordered = sorted(batches, key=lambda batch: batch.auction_id)
        with transaction.statement():
            for batch in ordered:
                found = transaction.lock("auctions", batch.auction_id)
                if found.version != batch.before.version:
                    raise VersionConflictError(str(batch.auction_id))
            for batch in ordered:
                self._save_auction(transaction, batch)
        with transaction.statement():
            for batch in ordered:
                self._save_entries(transaction, batch.auction_id, batch.entries)

    def lock(self, transaction: MemoryTransaction, auction_id: int) -> Auction | None:
        with transaction.statement():
            auction = transaction.lock("auctions", auction_id)
            if auction is None:
                return None
            raised: Auction = replace(auction, version=auction.version + 1)
            transaction.put("auctions", auction_id, raised)
            return raised

    def save_failed(
        self, transaction: MemoryTransaction, auction_id: int, bids: Sequence[BidPlaced]
    ) -> set[UUID]:
        stored = set()
        with transaction.statement():
            for bid in bids:
                before = transaction.lock("bids", (auction_id, bid.bid_id))
                if before is None or before.status == "failed":
                    transaction.put("bids", (auction_id, bid.bid_id), _failed_row(bid))
                    stored.add(bid.bid_id)
        return stored

    def answered(self, transaction: MemoryTransaction, bid_ids: Collection[UUID]) -> set[UUID]:
        rows = transaction.scan("bids").values()
        return {row.bid_id for row in rows if row.bid_id in bid_ids and row.status != "failed"}

    @staticmethod
    def _save_auction(transaction: MemoryTransaction, batch: Batch) -> None:
        auction_id = batch.auction_id
        transaction.put("auctions", auction_id, batch.after)
        for bidder_id, alias in batch.aliases.items():
            if bidder_id not in batch.bidders:
                transaction.put("bidders", (auction_id, bidder_id), Bidder(alias, None))

    @staticmethod
    def _save_entries(
        transaction: MemoryTransaction, auction_id: int, entries: Sequence[Entry]
    ) -> None:
        for bid in decided_bids(entries):
            for row in _bid_rows(bid):
                before = transaction.lock("bids", (auction_id, row.bid_id))
                assert before is None or before.status == "failed", "an answer is never changed"
                transaction.put("bids", (auction_id, row.bid_id), row)
        for entry in other_decisions(entries):
            position = entry.record.position
            place = (AUCTION_BID.name, position.partition, position.offset)
            assert transaction.lock("decisions", place) is None, "a decision is never changed"
            transaction.put("decisions", place, entry)
        for record in _effective(entries):
            transaction.put("effective", (auction_id, record.position.offset), record)


def _known(transaction: MemoryTransaction, bid_ids: Collection[UUID]) -> dict[UUID, KnownBid]:
    return {
        row.bid_id: KnownBid(row.amount, row.record.kind, row.status, row.outcome)
        for row in transaction.scan("bids").values()
        if row.bid_id in bid_ids
    }


def _effective(entries: Sequence[Entry]) -> list[Effective]:
    """The records that had an effect on price and leader."""
    bids = [bid.record for bid in decided_bids(entries) if bid.decision.outcome.seq is not None]
    lowered = [
        entry.record
        for entry in entries
        if isinstance(entry, DecidedControl)
        and isinstance(entry.record, ReserveLoweringRequested)
        and entry.decision.effect == "reserve_lowered"
    ]
    return [*bids, *lowered]


def _bid_rows(bid: DecidedBid) -> list[BidRow]:
    record, outcome, automatic = bid.record, bid.decision.outcome, bid.decision.automatic
    place = (record.position.partition, record.position.offset)
    rows = [
        BidRow(
            record.bid_id,
            record.bidder_id,
            *place,
            status=outcome.status,
            amount=record.amount,
            seq=outcome.seq,
            record=record,
            outcome=outcome,
        )
    ]
    if automatic is not None:
        answer = (automatic.bid_id, automatic.bidder_id, *place)
        rows.append(BidRow(*answer, status="accepted", amount=automatic.amount, seq=automatic.seq))
    return rows


def _failed_row(bid: BidPlaced) -> BidRow:
    place = (bid.position.partition, bid.position.offset)
    return BidRow(bid.bid_id, bid.bidder_id, *place, status="failed", amount=bid.amount, record=bid)
