"""The auctions' part of the audit of `auction-bid`: every entry of its log, and every auction."""

from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar
from uuid import UUID

from app.domain.contest import NO_HISTORY, Effective
from app.domain.ledger import KnownBid
from app.domain.records import BidPlaced, Record, VoidRequested
from app.services.auditing.fold import Fold
from app.services.auditing.rows import AuctionRows, BidRow, DecisionRow, auction_id_of
from app.services.auditing.watch import RowWatch
from app.services.batches import batches
from app.services.settling import decode
from lanes import FutureVersionError, InboxRecord
from lanes.audit import AuditResults, LogEntry, LogRecord, Scope, Selection, StoredRow

T = TypeVar("T")

IDS_AT_ONCE = 1_000


class AuctionAudit(Generic[T]):
    """The `LaneAudit` of auctions; keeps the auctions of one partition at a time."""

    def __init__(self, rows: AuctionRows[T], results: AuditResults) -> None:
        self._rows = rows
        self._results = results
        self._folds: dict[int, Fold] = {}
        self._watches: dict[int, RowWatch] = {}
        self._missing: set[int] = set()
        self._folded_ids: set[int] = set()
        self._selection = Selection()

    def select(self, transaction: T, scope: Scope) -> Selection:
        """Return the auctions selected by the scope."""
        self._selection = self._rows.select(transaction, scope)
        return self._selection

    def stored_rows(
        self, transaction: T, *, partition: int, first: int, selection: Selection
    ) -> Iterator[StoredRow]:
        """Yield the rows of the auctions in offset order."""
        return self._rows.stored_rows(
            transaction, partition=partition, first=first, selection=selection
        )

    def is_settled(self, entry: LogEntry) -> bool:  # noqa: ARG002 - of the port
        """Return False: what a record did is in a row."""
        return False

    def check_batch(self, transaction: T, entries: Sequence[LogEntry]) -> None:
        """Check the next entries of a partition."""
        records = [None if entry.record is None else _decoded(entry.record) for entry in entries]
        self._load_auctions(transaction, entries)
        known = self._known(transaction, entries, records)
        histories = self._histories(transaction, entries, records)
        begun: dict[int, Fold] = {}
        for entry, record in zip(entries, records, strict=True):
            self._check_rows(entry, record)
            fold = self._fold_of(entry)
            if fold is not None and record is not None and _settled(entry):
                if id(fold) not in begun:
                    begun[id(fold)] = fold
                    fold.begin(known, histories.get(_auction_id(entry), NO_HISTORY))
                fold.apply(str(entry), record, entry.stored_rows)
        for fold in begun.values():
            fold.end()

    def end_partition(self, transaction: T) -> None:
        """Compare the rows of this partition's auctions, which are folded by now."""
        for ids in batches(self._folds, IDS_AT_ONCE):
            for auction_id, stored in self._rows.auctions(transaction, ids).items():
                self._folds[auction_id].compare_state(stored)
                self._watches[auction_id].end(stored)
        self._folded_ids |= set(self._folds)
        self._folds.clear()
        self._watches.clear()

    def end(self, transaction: T, selection: Selection) -> None:
        """Check that auctions without records are in their initial state."""
        versions = self._rows.versions(transaction, selection)
        without_records = (
            auction_id for auction_id, _ in versions if auction_id not in self._folded_ids
        )
        for ids in batches(without_records, IDS_AT_ONCE):
            for stored in self._rows.auctions(transaction, ids).values():
                Fold(stored, self._results).compare_state(stored)
                RowWatch(stored, self._results).end(stored)

    def _load_auctions(self, transaction: T, entries: Sequence[LogEntry]) -> None:
        ids = {stored_row.row.auction_id for entry in entries for stored_row in entry.stored_rows}
        ids |= {found for entry in entries if (found := _auction_id(entry)) is not None}
        ids = {number for number in ids if str(number) in self._selection}
        ids -= self._folds.keys() | self._missing
        stored = self._rows.auctions(transaction, ids) if ids else {}
        for auction_id, auction in stored.items():
            self._folds[auction_id] = Fold(auction, self._results)
            self._watches[auction_id] = RowWatch(auction, self._results)
        self._missing |= ids - stored.keys()

    def _known(
        self,
        transaction: T,
        entries: Sequence[LogEntry],
        records: Sequence[Record | None],
    ) -> dict[UUID, KnownBid]:
        """Return the stored answers to earlier bids among `records`, where the record itself left
        no row in `bids`."""
        partitions = {
            record.bid_id: entry.partition
            for entry, record in zip(entries, records, strict=True)
            if isinstance(record, BidPlaced)
            and not any(stored_row.table == "bids" for stored_row in entry.stored_rows)
            and self._has_bid_of(entry, record.bidder_id)
        }
        found = self._rows.answered(transaction, partitions.keys()) if partitions else {}
        return {
            bid_id: answered.known
            for bid_id, answered in found.items()
            if answered.position.partition == partitions[bid_id]
            and answered.position.offset < entries[0].offset
        }

    def _histories(
        self,
        transaction: T,
        entries: Sequence[LogEntry],
        records: Sequence[Record | None],
    ) -> dict[int | None, Sequence[Effective]]:
        """Return the effective records before these entries, for auctions with a void among
        `records`."""
        voided = {
            _auction_id(entry)
            for entry, record in zip(entries, records, strict=True)
            if isinstance(record, VoidRequested)
        }
        return {
            auction_id: self._rows.history(transaction, auction_id, before=entries[0].offset)
            for auction_id in voided
            if auction_id in self._folds
        }

    def _has_bid_of(self, entry: LogEntry, bidder_id: int) -> bool:
        """Return whether a bid of this user was folded in an earlier batch."""
        fold = self._fold_of(entry)
        return fold is not None and fold.has_alias(bidder_id)

    def _check_rows(self, entry: LogEntry, record: Record | None) -> None:
        cause: BidRow | None = None
        for stored_row in entry.stored_rows:
            row = stored_row.row
            watch = self._watches.get(row.auction_id)
            if watch is None:
                self._results["I3"].violation(f"{entry} {row}: there is no such auction")
            elif isinstance(row, DecisionRow):
                watch.decision(str(entry), row)
            elif stored_row.kind != "failure":
                watch.bid(str(entry), row, cause)
            if isinstance(row, BidRow) and not row.automatic:
                cause = row
                self._check_body(entry, row, record)

    def _check_body(self, entry: LogEntry, row: BidRow, record: Record | None) -> None:
        """I3: the row equals the record."""
        where = f"{entry} {row}"
        if not isinstance(record, BidPlaced):
            what = "nothing" if entry.record is None else "no bid"
            self._results["I3"].check(False, f"{where}: the log has {what} there")  # noqa: FBT003
            return
        stored = (row.bidder_id, row.amount, row.key, row.kind, row.confirm)
        logged = (record.bidder_id, record.amount, record.key, record.kind, record.confirm)
        line = f"{where}: bidder, amount, key, kind, confirm are {stored}, in the log {logged}"
        self._results["I3"].check(stored == logged, line)

    def _fold_of(self, entry: LogEntry) -> Fold | None:
        auction_id = _auction_id(entry)
        return None if auction_id is None else self._folds.get(auction_id)


def _settled(entry: LogEntry) -> bool:
    """Return whether the record was settled: it neither waits nor became a dead letter."""
    effect = any(stored_row.kind == "effect" for stored_row in entry.stored_rows)
    return effect or not (entry.waits or entry.is_dead_letter)


def _auction_id(entry: LogEntry) -> int | None:
    return None if entry.record is None else auction_id_of(entry.record.lane)


def _decoded(record: LogRecord) -> Record | None:
    """Return the domain's record; None when it cannot be decoded."""
    try:
        payload = record.value.decode()
        return decode(
            InboxRecord(record.topic, record.partition, record.offset, "", payload, record.log_time)
        )
    except (ValueError, FutureVersionError):
        return None
