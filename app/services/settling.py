"""Settling a lane of bids: the records of one auction, decided in order onto its row.

Everything that decides is in the domain; everything that stores is behind `AuctionStore`.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from msgspec import UNSET

from app.domain.auction import Auction
from app.domain.contest import NO_HISTORY, Effective
from app.domain.ids import bid_id
from app.domain.ledger import DecidedBid, DecidedControl, Entry, KnownBid, Ledger
from app.domain.notice import Notice
from app.domain.notices import notices_of
from app.domain.records import (
    BidPlaced,
    CancelRequested,
    CloseDue,
    Position,
    Record,
    ReserveLoweringRequested,
    StartDue,
    VoidRequested,
)
from app.observability import metrics
from app.observability.bid_log import log_bid_step
from app.protocol import records as wire
from app.services.epochs import AUCTIONS, USERS, LostIds
from app.services.events import Traces, auction_event, event_message, failure_event
from app.services.reading import read_value
from app.services.rejected_records import BAD_IDENTITY, KEY_MISMATCH, UNKNOWN_AUCTION, UNKNOWN_USER
from lanes import (
    BadRecordError,
    FutureVersionError,
    GoneError,
    InboxRecord,
    RecordsByKey,
    Settlement,
    UnknownLaneError,
)

T_contra = TypeVar("T_contra", contravariant=True)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Bidder:
    """What an auction stores of a bidder: the alias, and the time of the last `outbid` notice."""

    alias: int
    outbid_noticed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Found:
    """An auction as it is stored, and what is stored of given bids and bidders.

    `bidders` also holds those whose aliases the public state names.
    """

    auction: Auction
    bidders: Mapping[int, Bidder]
    known: Mapping[UUID, KnownBid]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What deciding needs: records as the domain has them, or why one of them cannot be decoded."""

    found: Found
    records: Sequence[Record]
    error: Exception | None


@dataclass(frozen=True, slots=True)
class Batch:
    """What one settle did to one auction: `before` and `after`, and an entry per record."""

    before: Auction
    after: Auction
    entries: Sequence[Entry]
    bidders: Mapping[int, Bidder]
    aliases: Mapping[int, int]
    notices: Sequence[Notice]

    @property
    def auction_id(self) -> int:
        """Of the auction."""
        return self.after.terms.auction_id


class AuctionStore(Protocol[T_contra]):
    """What settling needs of PostgreSQL, inside the platform's transaction."""

    def find(
        self, transaction: T_contra, bids: Mapping[int, Collection[BidPlaced]]
    ) -> Mapping[int, Found]:
        """Return by id those auctions that exist, with their versions, and what is stored of these
        bids of each."""

    def bidders(
        self, transaction: T_contra, auction_id: int, bidder_ids: Collection[int]
    ) -> dict[int, Bidder]:
        """Those of the bidders that have an alias in this auction already."""

    def accepted_bidder_ids(self, transaction: T_contra, auction_id: int) -> set[int]:
        """Return the bidders with an accepted bid."""

    def history(
        self, transaction: T_contra, auction_id: int, *, before: int
    ) -> Sequence[Effective]:
        """Every record below an offset that had an effect on price and leader, in log order."""

    def save(self, transaction: T_contra, batches: Sequence[Batch]) -> None:
        """Store it all, of an auction each, guarded by the versions. Raise VersionConflictError."""

    def lock(self, transaction: T_contra, auction_id: int) -> Auction | None:
        """Lock the auction and raise its version: no other worker settles it before the transaction
        ends."""

    def save_failed(
        self, transaction: T_contra, auction_id: int, bids: Sequence[BidPlaced]
    ) -> set[UUID]:
        """Store that they failed, but for those that were answered; the ids of those stored."""

    def answered(self, transaction: T_contra, bid_ids: Collection[UUID]) -> set[UUID]:
        """Those of the bids that have an answer, and not that they failed."""


class AuctionLane(Generic[T]):
    """The handler of topic `auction-bid`."""

    def __init__(self, store: AuctionStore[T], notify: Callable[[], None]) -> None:
        """`notify` hastens the delivery of notices; a sweep delivers them all the same."""
        self._store = store
        self._notify = notify

    def load(self, transaction: T, lanes: RecordsByKey) -> list[Loaded]:
        """Return the auctions of these ids, and their records decoded. Raise UnknownLaneError."""
        decoded = {int(key): _decoded(ones) for key, ones in lanes.items() if key.isdecimal()}
        bids = {auction_id: bids_of(records) for auction_id, (records, _) in decoded.items()}
        found = self._store.find(transaction, bids) if bids else {}
        for key in lanes:
            if not (key.isdecimal() and int(key) in found):
                raise UnknownLaneError(UNKNOWN_AUCTION, f"there is no auction {key}")
        return [Loaded(found[auction_id], *decoded[auction_id]) for auction_id in decoded]

    def settle(
        self, transaction: T, state: Sequence[Loaded], lanes: RecordsByKey
    ) -> list[Settlement]:
        """Fold the records through the rules, once each, and store it all."""
        for loaded in state:
            if loaded.error is not None:
                raise loaded.error
        batches = [self._decide(transaction, loaded.found, loaded.records) for loaded in state]
        self._store.save(transaction, batches)
        return [
            self._settlement(batch, records)
            for batch, records in zip(batches, lanes.values(), strict=True)
        ]

    def fail(self, transaction: T, key: str, records: Sequence[InboxRecord]) -> Settlement:
        """Store `failed` for the bids among `records`; return the messages for their bidders."""
        auction = self._store.lock(transaction, int(key)) if key.isdecimal() else None
        if auction is None:
            return Settlement([])
        auction_id = auction.terms.auction_id
        bids = [bid for record in records if (bid := _bid_or_none(record)) is not None]
        stored = self._store.save_failed(transaction, auction_id, bids)
        found = self._store.bidders(transaction, auction_id, _named_in_state(auction))
        aliases = {bidder_id: bidder.alias for bidder_id, bidder in found.items()}
        failed = {bid.bid_id: bid for bid in bids if bid.bid_id in stored}
        event = failure_event(auction, failed.values(), aliases, _traces(records))
        return Settlement([event_message(event)])

    def settled(self, transaction: T, payloads: Sequence[bytes]) -> list[bool]:
        """Whether each is a bid that has an answer. A control's repeat does no harm."""
        ids = [identify(payload) for payload in payloads]
        wanted = {UUID(bid) for bid in ids if bid is not None}
        answered = {str(bid) for bid in self._store.answered(transaction, wanted)}
        return [bid in answered for bid in ids]

    def _settlement(self, batch: Batch, records: Sequence[InboxRecord]) -> Settlement:
        event = auction_event(batch.after, batch.entries, batch.aliases, _traces(records))
        return Settlement([event_message(event)], after_commit=lambda: self._settled(batch))

    def _settled(self, batch: Batch) -> None:
        outcomes: Counter[str] = Counter()
        for bid in decided_bids(batch.entries):
            outcome = bid.decision.outcome
            outcomes[outcome.code or outcome.status] += 1
            log_bid_step(
                "bid_decided",
                str(bid.record.bid_id),
                version=batch.after.version,
                status=outcome.status,
                code=outcome.code,
            )
        for name, number in outcomes.items():
            metrics.DECIDED_BIDS.labels(name).inc(number)
        delay_s = close_delay_s(batch)
        if delay_s is not None:
            metrics.CLOSE_SECONDS.observe(delay_s)
        if batch.notices:
            self._notify()

    def _decide(self, transaction: T, found: Found, records: Sequence[Record]) -> Batch:
        auction, bidders = found.auction, found.bidders
        auction_id = auction.terms.auction_id
        voids = [record for record in records if isinstance(record, VoidRequested)]
        history: Sequence[Effective] = NO_HISTORY
        if voids:
            before = records[0].position.offset
            history = self._store.history(transaction, auction_id, before=before)
            named = {void.bidder_id for void in voids}
            named |= {bid.bidder_id for bid in bids_of(history)}
            bidders = {**bidders, **self._store.bidders(transaction, auction_id, named)}
        aliases = {bidder_id: bidder.alias for bidder_id, bidder in bidders.items()}
        ledger = Ledger(auction, aliases=aliases, known=found.known, history=history)
        entries = [ledger.apply(record) for record in records]
        after = replace(ledger.auction, version=auction.version + 1)
        ended = after.ended and not auction.ended
        notices = notices_of(
            after,
            entries,
            earlier_bidder_ids=(
                self._store.accepted_bidder_ids(transaction, auction_id) if ended else ()
            ),
            last_outbid_at={
                bidder_id: bidder.outbid_noticed_at
                for bidder_id, bidder in bidders.items()
                if bidder.outbid_noticed_at is not None
            },
        )
        return Batch(auction, after, entries, bidders, ledger.aliases, notices)


def _named_in_state(auction: Auction) -> set[int]:
    """Whose aliases the public state names."""
    leader = () if auction.leader_id is None else (auction.leader_id,)
    return {*leader, *auction.voided_ids}


def bids_of(records: Iterable[Record]) -> list[BidPlaced]:
    """The bids among `records`."""
    return [record for record in records if isinstance(record, BidPlaced)]


def close_delay_s(batch: Batch) -> float | None:
    """Seconds from the auction's end to the record that closed it; None when none did."""
    if batch.before.ended or not batch.after.ended:
        return None
    closed_at = (
        entry.record.log_time
        for entry in batch.entries
        if isinstance(entry, DecidedControl) and entry.decision.effect in ("sold", "unsold")
    )
    at = next(closed_at, None)
    return None if at is None else (at - batch.after.ends_at).total_seconds()


def check(key: str, value: bytes) -> object:
    """Decode a record of `auction-bid`.

    Raises BadRecordError when it can never be settled, FutureVersionError when newer code will.
    """
    record = _read(value)
    if str(record.auction_id) != key:
        raise BadRecordError(KEY_MISMATCH, f"key {key} is not auction {record.auction_id}")
    return record


def check_known(key: str, value: bytes, *, lost_ids: Callable[[], LostIds]) -> object:
    """As `check`. Raises GoneError for what a restore of the database has lost."""
    record, lost = check(key, value), lost_ids()
    if isinstance(record, wire.BidValue | wire.CancelValue | wire.ReserveValue | wire.VoidValue):
        user_id = record.bidder_id if isinstance(record, wire.BidValue) else record.actor_id
        if lost.has(USERS, user_id):
            raise GoneError(UNKNOWN_USER, f"user {user_id} was lost in a restore")
    if lost.has(AUCTIONS, int(key)):
        raise GoneError(UNKNOWN_AUCTION, f"auction {key} was lost in a restore")
    return record


def identify(value: bytes) -> str | None:
    """The id of the bid in this record, None when there is none."""
    try:
        record = _read(value)
    except (BadRecordError, FutureVersionError):
        return None
    return str(record.bid_id) if isinstance(record, wire.BidValue) else None


def decode(record: InboxRecord) -> Record:
    """A record of the inbox as the domain's. Raises BadRecordError and FutureVersionError."""
    value = _read(record.payload)
    position = Position(record.partition, record.offset)
    return _RECORD_OF[type(value)](value, position, record.log_time)


def _read(value: bytes | str) -> wire.AuctionBidValue:
    """Return what a record of `auction-bid` says. Raise BadRecordError and FutureVersionError.

    A bid under an id that its bidder, auction and key do not give was written by no gateway: it
    would take the place of somebody's bid, whose answer would then be the answer to this one.
    """
    record: wire.AuctionBidValue = read_value(wire.auction_bid_decoder, value)
    if isinstance(record, wire.BidValue):
        own = bid_id(record.bidder_id, record.auction_id, record.key)
        if record.bid_id != own:
            raise BadRecordError(BAD_IDENTITY, f"bid_id {record.bid_id} should be {own}")
    return record


def _decoded(records: Iterable[InboxRecord]) -> tuple[list[Record], Exception | None]:
    """Return the records up to the first that cannot be decoded, and why it cannot."""
    decoded: list[Record] = []
    try:
        decoded.extend(map(decode, records))
    except Exception as error:  # noqa: BLE001 - the fault of a record, whatever it is
        return decoded, error
    return decoded, None


def _bid_or_none(record: InboxRecord) -> BidPlaced | None:
    try:
        decoded = decode(record)
    except (BadRecordError, FutureVersionError):
        return None
    return decoded if isinstance(decoded, BidPlaced) else None


def _traces(records: Sequence[InboxRecord]) -> Traces:
    return {record.offset: record.traceparent for record in records if record.traceparent}


def _bid(value: wire.BidValue, position: Position, log_time: datetime) -> BidPlaced:
    return BidPlaced(
        bid_id=value.bid_id,
        bidder_id=value.bidder_id,
        amount=value.amount,
        kind=value.kind,
        confirm=value.confirm,
        key=value.key,
        position=position,
        log_time=log_time,
        limit=None if value.limit is UNSET else value.limit,
        blocked=value.blocked is True,
    )


_RECORD_OF: dict[type, Callable[[Any, Position, datetime], Record]] = {
    wire.BidValue: _bid,
    wire.StartValue: lambda _, position, log_time: StartDue(position, log_time),
    wire.CloseValue: lambda _, position, log_time: CloseDue(position, log_time),
    wire.CancelValue: lambda value, position, log_time: CancelRequested(
        value.actor_id, value.reason, position, log_time
    ),
    wire.ReserveValue: lambda value, position, log_time: ReserveLoweringRequested(
        value.actor_id, value.reserve_price, position, log_time
    ),
    wire.VoidValue: lambda value, position, log_time: VoidRequested(
        value.actor_id, value.bidder_id, value.reason, position, log_time
    ),
}


def decided_bids(entries: Iterable[Entry]) -> list[DecidedBid]:
    """The bids decided now, repeats and reused keys aside."""
    return [entry for entry in entries if isinstance(entry, DecidedBid)]


def other_decisions(entries: Iterable[Entry]) -> list[Entry]:
    """What leaves no row in `bids`: controls, repeats, reused keys."""
    return [entry for entry in entries if not isinstance(entry, DecidedBid)]
