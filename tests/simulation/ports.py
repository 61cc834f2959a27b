"""The platform's ports and the auctions' on the store in memory: what the SQL does, row by row."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from app.domain.auction import Auction
from app.domain.contest import Effective
from app.domain.decision import Outcome
from app.domain.ledger import DecidedBid, DecidedControl, Entry, KnownBid
from app.domain.records import BidPlaced, ReserveLoweringRequested
from app.protocol.topics import AUCTION_BID
from app.services.settling import Batch, Bidder, Found, decided_bids, other_decisions
from lanes.dead_letter import DeadLetter, Parking
from lanes.errors import BadDataError, VersionConflictError
from lanes.record import InboxRecord, OutboxMessage
from tests.simulation.store import MemoryTransaction


class MemoryPorts:
    """Intake, Lanes and DeadLetters. `now` is the time by which dead letters are counted."""

    now: float = 0.0

    def progress_of(self, transaction: MemoryTransaction, topic: str) -> dict[int, tuple[int, str]]:
        transaction.store.statement()
        return {
            part: row for (of, part), row in transaction.scan("progress").items() if of == topic
        }

    def begin_progress(
        self,
        transaction: MemoryTransaction,
        *,
        topic: str,
        partition: int,
        topic_id: str,
        offset: int,
    ) -> None:
        transaction.store.statement()
        if transaction.lock("progress", (topic, partition)) is None:
            transaction.put("progress", (topic, partition), (offset, topic_id))

    def move_progress(
        self,
        transaction: MemoryTransaction,
        *,
        topic: str,
        partition: int,
        expected: int,
        next_offset: int,
    ) -> bool:
        transaction.store.statement()
        at, topic_id = transaction.lock("progress", (topic, partition))
        if at != expected:
            return False
        transaction.put("progress", (topic, partition), (next_offset, topic_id))
        return True

    def insert(self, transaction: MemoryTransaction, records: Sequence[InboxRecord]) -> None:
        transaction.store.statement()
        for record in records:
            place = (record.topic, record.partition, record.offset)
            if transaction.lock("inbox", place) is not None:
                raise BadDataError("23505")
            transaction.put("inbox", place, record)

    def read(
        self, transaction: MemoryTransaction, *, topic: str, key: str, limit: int
    ) -> list[InboxRecord]:
        transaction.store.statement()
        return _lane(transaction, topic, key)[:limit]

    def read_those(
        self, transaction: MemoryTransaction, *, topic: str, key: str, offsets: Sequence[int]
    ) -> list[InboxRecord]:
        transaction.store.statement()
        return [one for one in _lane(transaction, topic, key) if one.offset in offsets]

    def claim(
        self, transaction: MemoryTransaction, *, topic: str, keys: Sequence[str], limit: int
    ) -> dict[str, list[InboxRecord]]:
        transaction.store.statement()
        return {
            key: _lane(transaction, topic, key)[:limit]
            for key in keys
            if transaction.try_lock("claims", (topic, key))
        }

    def settle(
        self,
        transaction: MemoryTransaction,
        records: Sequence[InboxRecord],
        messages: Sequence[OutboxMessage],
    ) -> None:
        transaction.store.statement()
        gone = [transaction.delete("inbox", (r.topic, r.partition, r.offset)) for r in records]
        if not all(gone):
            raise VersionConflictError(records[0].key)
        for message in messages:
            transaction.send(message)

    def count_failure(self, transaction: MemoryTransaction, records: Sequence[InboxRecord]) -> None:
        transaction.store.statement()
        for record in records:
            place = (record.topic, record.partition, record.offset)
            row = transaction.lock("inbox", place)
            if row is not None:
                transaction.put("inbox", place, replace(row, attempts=row.attempts + 1))

    def park(
        self, transaction: MemoryTransaction, *, topic: str, key: str, parking: Parking
    ) -> bool:
        return _put_new(transaction, "parked_lanes", (topic, key), parking)

    def count_recent(
        self,
        transaction: MemoryTransaction,
        *,
        topic: str,
        key: str | None,
        partition: int,
        within_s: float,
    ) -> tuple[int, int]:
        transaction.store.statement()
        recent = [
            letter
            for letter, at in transaction.scan("dead_letters").values()
            if letter.topic == topic and at > self.now - within_s
        ]
        raw_key = None if key is None else key.encode()
        of_lane = sum(letter.raw_key == raw_key for letter in recent)
        return of_lane, sum(letter.partition == partition for letter in recent)

    def add(self, transaction: MemoryTransaction, letters: Sequence[DeadLetter]) -> None:
        for letter in letters:
            place = (letter.topic, letter.partition, letter.offset)
            _put_new(transaction, "dead_letters", place, (letter, self.now))

    def park_partition(
        self,
        transaction: MemoryTransaction,
        *,
        group: str,
        topic: str,
        partition: int,
        parking: Parking,
    ) -> bool:
        return _put_new(transaction, "parked_partitions", (group, topic, partition), parking)

    def parked_partitions(
        self, transaction: MemoryTransaction, *, group: str
    ) -> set[tuple[str, int]]:
        transaction.store.statement()
        parked = transaction.scan("parked_partitions")
        return {(topic, partition) for of, topic, partition in parked if of == group}


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
        transaction.store.statement()
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
        transaction.store.statement()
        found = {one: transaction.get("bidders", (auction_id, one)) for one in bidder_ids}
        return {bidder_id: row for bidder_id, row in found.items() if row is not None}

    def accepted_bidder_ids(self, transaction: MemoryTransaction, auction_id: int) -> set[int]:
        transaction.store.statement()
        rows = transaction.scan("bids").items()
        return {row.bidder_id for (of, _), row in rows if of == auction_id and row.seq is not None}

    def history(
        self, transaction: MemoryTransaction, auction_id: int, *, before: int
    ) -> list[Effective]:
        transaction.store.statement()
        rows = transaction.scan("effective").items()
        past = [record for (of, offset), record in rows if of == auction_id and offset < before]
        return sorted(past, key=lambda record: record.position.offset)

    def save(self, transaction: MemoryTransaction, batches: Sequence[Batch]) -> None:
        transaction.store.statement()
        ordered = sorted(batches, key=lambda batch: batch.auction_id)
        for batch in ordered:
            if transaction.lock("auctions", batch.auction_id).version != batch.before.version:
                raise VersionConflictError(str(batch.auction_id))
        for batch in ordered:
            self._save(transaction, batch)

    def _save(self, transaction: MemoryTransaction, batch: Batch) -> None:
        auction_id = batch.auction_id
        transaction.put("auctions", auction_id, batch.after)
        for bidder_id, alias in batch.aliases.items():
            if bidder_id not in batch.bidders:
                transaction.put("bidders", (auction_id, bidder_id), Bidder(alias, None))
        transaction.store.statement()
        for bid in decided_bids(batch.entries):
            for row in _bid_rows(bid):
                before = transaction.lock("bids", (auction_id, row.bid_id))
                assert before is None or before.status == "failed", "an answer is never changed"
                transaction.put("bids", (auction_id, row.bid_id), row)
        for entry in other_decisions(batch.entries):
            position = entry.record.position
            place = (AUCTION_BID.name, position.partition, position.offset)
            assert _put_new(transaction, "decisions", place, entry)
        for record in _effective(batch.entries):
            transaction.put("effective", (auction_id, record.position.offset), record)

    def lock(self, transaction: MemoryTransaction, auction_id: int) -> Auction | None:
        transaction.store.statement()
        auction = transaction.lock("auctions", auction_id)
        if auction is None:
            return None
        raised: Auction = replace(auction, version=auction.version + 1)
        transaction.put("auctions", auction_id, raised)
        return raised

    def save_failed(
        self, transaction: MemoryTransaction, auction_id: int, bids: Sequence[BidPlaced]
    ) -> set[UUID]:
        transaction.store.statement()
        stored = set()
        for bid in bids:
            before = transaction.lock("bids", (auction_id, bid.bid_id))
            if before is None or before.status == "failed":
                transaction.put("bids", (auction_id, bid.bid_id), _failed_row(bid))
                stored.add(bid.bid_id)
        return stored

    def answered(self, transaction: MemoryTransaction, bid_ids: Collection[UUID]) -> set[UUID]:
        transaction.store.statement()
        rows = transaction.scan("bids").values()
        return {row.bid_id for row in rows if row.bid_id in bid_ids and row.status != "failed"}


def _known(transaction: MemoryTransaction, bid_ids: Collection[UUID]) -> dict[UUID, KnownBid]:
    return {
        row.bid_id: KnownBid(row.amount, row.record.kind, row.status, row.outcome)
        for row in transaction.scan("bids").values()
        if row.bid_id in bid_ids
    }


def _lane(transaction: MemoryTransaction, topic: str, key: str) -> list[InboxRecord]:
    if transaction.get("parked_lanes", (topic, key)) is not None:
        return []
    waiting = transaction.scan("inbox").values()
    found = [record for record in waiting if (record.topic, record.key) == (topic, key)]
    return sorted(found, key=lambda record: record.offset)


def _put_new(transaction: MemoryTransaction, table: str, key: Any, value: Any) -> bool:
    """INSERT … ON CONFLICT DO NOTHING."""
    transaction.store.statement()
    if transaction.lock(table, key) is not None:
        return False
    transaction.put(table, key, value)
    return True


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
