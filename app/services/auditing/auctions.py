"""The auction's part of the audit of `auction-bid`: every place of its log, and every auction."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from app.domain.contest import NO_HISTORY, Effective
from app.domain.ledger import KnownBid
from app.domain.records import BidPlaced, Record, VoidAsked
from app.services.auditing.batches import batches
from app.services.auditing.fold import Fold
from app.services.auditing.ports import LogRecord, Place, Scope, Selection, Trace
from app.services.auditing.rows import AuctionRows, BidRow, DecisionRow, auction_id_of
from app.services.auditing.tallies import Tallies
from app.services.auditing.watch import RowWatch
from app.services.lanes import FutureVersionError, InboxRecord
from app.services.settling import decode
from app.services.transactions import Transaction

IDS_AT_ONCE = 1_000


class AuctionAudit:
    """The `LaneAudit` of auctions; remembers those of one partition at a time."""

    def __init__(self, rows: AuctionRows, tallies: Tallies) -> None:
        self._rows = rows
        self._tallies = tallies
        self._folds: dict[int, Fold] = {}
        self._watches: dict[int, RowWatch] = {}
        self._missing: set[int] = set()
        self._seen_ids: set[int] = set()
        self._selection = Selection()

    def select(self, transaction: Transaction, scope: Scope) -> Selection:
        """The auctions that the scope means."""
        self._selection = self._rows.select(transaction, scope)
        return self._selection

    def traces(
        self, transaction: Transaction, *, partition: int, first: int, selection: Selection
    ) -> Iterator[Trace]:
        """The rows of the auctions, in the order of the log."""
        return self._rows.traces(transaction, partition=partition, first=first, selection=selection)

    def see(self, transaction: Transaction, places: Sequence[Place]) -> None:
        """Judge the next places of a partition."""
        records = [None if place.record is None else _decoded(place.record) for place in places]
        self._meet(transaction, places)
        known = self._known(transaction, places, records)
        histories = self._histories(transaction, places, records)
        begun: dict[int, Fold] = {}
        for place, record in zip(places, records, strict=True):
            self._check_rows(place, record)
            fold = self._fold_of(place)
            if fold is not None and record is not None and _settled(place):
                if id(fold) not in begun:
                    begun[id(fold)] = fold
                    fold.begin(known, histories.get(_auction_id(place), NO_HISTORY))
                fold.apply(str(place), record, place.traces)
        for fold in begun.values():
            fold.end()

    def end_partition(self, transaction: Transaction) -> None:
        """Every auction of this partition is folded: compare their rows."""
        for ids in batches(self._folds, IDS_AT_ONCE):
            for auction_id, stored in self._rows.auctions(transaction, ids).items():
                self._folds[auction_id].compare_state(stored)
                self._watches[auction_id].end(stored)
        self._seen_ids |= set(self._folds)
        self._folds.clear()
        self._watches.clear()

    def end(self, transaction: Transaction, selection: Selection) -> None:
        """Auctions of which the log has nothing must be as they began."""
        versions = self._rows.versions(transaction, selection)
        silent = (auction_id for auction_id, _ in versions if auction_id not in self._seen_ids)
        for ids in batches(silent, IDS_AT_ONCE):
            for stored in self._rows.auctions(transaction, ids).values():
                Fold(stored, self._tallies).compare_state(stored)
                RowWatch(stored, self._tallies).end(stored)

    def _meet(self, transaction: Transaction, places: Sequence[Place]) -> None:
        ids = {trace.row.auction_id for place in places for trace in place.traces}
        ids |= {found for place in places if (found := _auction_id(place)) is not None}
        ids = {number for number in ids if str(number) in self._selection}
        ids -= self._folds.keys() | self._missing
        stored = self._rows.auctions(transaction, ids) if ids else {}
        for auction_id, auction in stored.items():
            self._folds[auction_id] = Fold(auction, self._tallies)
            self._watches[auction_id] = RowWatch(auction, self._tallies)
        self._missing |= ids - stored.keys()

    def _known(
        self, transaction: Transaction, places: Sequence[Place], records: Sequence[Record | None]
    ) -> dict[UUID, KnownBid]:
        """The answers to earlier bids among `records`: of those only that left no row of a bid."""
        asked = {
            record.bid_id: place.partition
            for place, record in zip(places, records, strict=True)
            if isinstance(record, BidPlaced)
            and not any(trace.table == "bids" for trace in place.traces)
            and self._has_bid_of(place, record.bidder_id)
        }
        found = self._rows.answered(transaction, asked.keys()) if asked else {}
        return {
            bid_id: answered.known
            for bid_id, answered in found.items()
            if answered.position.partition == asked[bid_id]
            and answered.position.offset < places[0].offset
        }

    def _histories(
        self, transaction: Transaction, places: Sequence[Place], records: Sequence[Record | None]
    ) -> dict[int | None, Sequence[Effective]]:
        """What had an effect before these places, of the auctions with a void among `records`."""
        voided = {
            _auction_id(place)
            for place, record in zip(places, records, strict=True)
            if isinstance(record, VoidAsked)
        }
        return {
            auction_id: self._rows.history(transaction, auction_id, before=places[0].offset)
            for auction_id in voided
            if auction_id in self._folds
        }

    def _has_bid_of(self, place: Place, bidder_id: int) -> bool:
        """Whether a bid of theirs was folded in an earlier batch."""
        fold = self._fold_of(place)
        return fold is not None and fold.has_alias(bidder_id)

    def _check_rows(self, place: Place, record: Record | None) -> None:
        cause: BidRow | None = None
        for trace in place.traces:
            row = trace.row
            watch = self._watches.get(row.auction_id)
            if watch is None:
                self._tallies["I3"].violation(f"{place} {row}: there is no such auction")
            elif isinstance(row, DecisionRow):
                watch.decision(str(place), row)
            elif trace.kind != "failure":
                watch.bid(str(place), row, cause)
            if isinstance(row, BidRow) and not row.automatic:
                cause = row
                self._check_body(place, row, record)

    def _check_body(self, place: Place, row: BidRow, record: Record | None) -> None:
        """I3: the row says what the record says."""
        where = f"{place} {row}"
        if not isinstance(record, BidPlaced):
            what = "nothing" if place.record is None else "no bid"
            self._tallies["I3"].judge(False, f"{where}: the log has {what} there")  # noqa: FBT003
            return
        stored = (row.bidder_id, row.amount, row.key, row.kind, row.confirm)
        logged = (record.bidder_id, record.amount, record.key, record.kind, record.confirm)
        line = f"{where}: bidder, amount, key, kind, confirm are {stored}, in the log {logged}"
        self._tallies["I3"].judge(stored == logged, line)

    def _fold_of(self, place: Place) -> Fold | None:
        auction_id = _auction_id(place)
        return None if auction_id is None else self._folds.get(auction_id)


def _settled(place: Place) -> bool:
    """Whether the record counts: neither does it wait, nor was it given up."""
    effect = any(trace.kind == "effect" for trace in place.traces)
    return effect or not (place.waits or place.is_dead)


def _auction_id(place: Place) -> int | None:
    return None if place.record is None else auction_id_of(place.record.lane)


def _decoded(record: LogRecord) -> Record | None:
    """The record as the domain's; None for one that nobody can read."""
    try:
        payload = record.value.decode()
        return decode(
            InboxRecord(record.topic, record.partition, record.offset, "", payload, record.log_time)
        )
    except (ValueError, FutureVersionError):
        return None
