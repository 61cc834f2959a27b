"""Placing bids and reading their status. Decides nothing: a refusal is the outcome of a record.

A bid is acknowledged only after Kafka has it. Its id is derived from bidder, auction and key, so a
repeat is the same bid on every gateway.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec
from msgspec import UNSET, Struct

from app.domain.errors import BusyError, ForbiddenError, NotFoundError, UnknownFateError
from app.domain.ids import bid_id, bid_id_text
from app.domain.money import Currency
from app.domain.records import BidKind
from app.domain.time import rfc3339
from app.observability.bid_log import log_bid_step
from app.observability.receipts import RECEIPTS
from app.protocol.outcomes import Outcome, Receipt
from app.protocol.records import BidderOutcome, BidderRefusal, NewBidValue
from app.protocol.topics import AUCTION_BID
from app.services.batches import batches
from app.services.futile_bids import FutileBids
from app.services.gathered_reads import GatheredReads
from app.services.log import Log, RecordMetadata
from app.services.rights import Right, RightsToBid
from app.services.ttl_cache import TtlCache
from app.services.undecided import Undecided
from lanes import Span, Stage, tracing

AUCTIONS_CACHED_MAX = 10_000  # three numbers each: 3 MB
AUCTION_TTL_S = 3_600.0  # auctions are never deleted
AUCTIONS_READ_MAX = 500  # at once


@dataclass(frozen=True, slots=True)
class Lot:
    """The constant fields of an auction that the right to bid depends on."""

    seller_id: int
    currency: Currency


_encode = msgspec.json.Encoder().encode
OnReceipt = Callable[[Receipt | UnknownFateError], None]


class Offer(Struct, frozen=True):  # made for every bid: a dataclass takes five times as long
    """A bid whose shape has been checked; `amount` in minor units."""

    bidder_id: int
    auction_id: int
    amount: int
    kind: BidKind
    confirm: bool
    key: str


@dataclass(frozen=True, slots=True)
class KnownBid:
    """A stored bid: decided, or waiting with the outcome `pending`."""

    bidder_id: int
    receipt: Receipt
    outcome: Outcome

    @property
    def is_failed(self) -> bool:
        """Whether its record became a dead letter; a later record of it may yet be decided."""
        return self.outcome.status == "failed"

    def answers(self, receipt: Receipt) -> bool:
        """Whether this is the answer to the record of `receipt`, not the failure of one before."""
        return not self.is_failed or self.receipt.offset >= receipt.offset


@dataclass(frozen=True, slots=True)
class RefusedBid:
    """A record that named another bid by a key already used."""

    auction_id: int
    refusal: BidderRefusal


class Outcomes(Protocol):
    """Stored bids and their outcomes."""

    def lots(self, auction_ids: Sequence[int]) -> Mapping[int, Lot]:
        """Return those of the auctions that exist, by id."""
        ...

    def decided(self, bid_ids: Sequence[UUID]) -> list[KnownBid]:
        """Return those of the bids that have been decided, archived ones excluded."""
        ...

    def archived(self, bid: UUID, auction_id: int | None) -> KnownBid | None:
        """Return the bid if its auction ended so long ago that it is in the archive."""
        ...

    def decided_lately(
        self, bidder_ids: Sequence[int], within_s: float
    ) -> Iterator[list[KnownBid]]:
        """Yield the outcomes of these bidders of the last `within_s` seconds, in batches."""
        ...

    def refused_lately(
        self, bidder_ids: Sequence[int], within_s: float
    ) -> Iterator[list[RefusedBid]]:
        """Yield the refusals of these bidders of the last `within_s` seconds, in batches."""
        ...

    def waiting(self, bid: UUID, auction_id: int) -> KnownBid | None:
        """Return the bid if it is ingested and not decided."""
        ...

    def waiting_anywhere(self, bid: UUID) -> KnownBid | None:
        """As `waiting`, without knowing the auction; slower."""
        ...


class Bidding:
    """The use-cases of a bidder."""

    def __init__(
        self,
        log: Log,
        outcomes: Outcomes,
        *,
        rights: RightsToBid,
        futile: FutileBids,
        clock: Callable[[], datetime],
    ) -> None:
        self.rights = rights
        self._log, self._outcomes, self._futile, self._clock = log, outcomes, futile, clock
        self._undecided = Undecided()
        self._auctions: TtlCache[int, Lot] = TtlCache(AUCTIONS_CACHED_MAX, ttl_s=AUCTION_TTL_S)
        self._lots = GatheredReads(outcomes.lots, keys_max=AUCTIONS_READ_MAX)

    def check(self, auction_id: int) -> None:
        """Raise BusyError while no bid on this auction is taken."""
        self._undecided.check(auction_id)
        self._log.check(AUCTION_BID)

    def reserve(self, auction_id: int) -> None:
        """Take a bid that is placed soon, after `release`. Raise BusyError as `check`.

        So whoever must be refused is so before the bid waits for its turn, and nobody who has
        waited is refused for those who came before.
        """
        self.check(auction_id)
        self._undecided.reserve(auction_id)

    def release(self, auction_id: int) -> None:
        """End a reservation: the bid is placed now, or never."""
        self._undecided.release(auction_id)

    def place_soon(
        self,
        offer: Offer,
        done: OnReceipt,
        *,
        right: Right | None = None,
        waited_s: float = 0.0,
    ) -> str:
        """Append a bid that `check` or `reserve` has let pass and that has waited so long since;
        `done` gets the receipt, or UnknownFateError, later.

        Raise NotFoundError for an unknown auction, ForbiddenError for a user who may not bid,
        RateLimitedError after too many refused or undecided bids, and BusyError when Kafka cannot
        be reached; then the bid was not appended and `done` is never called.
        """
        bid, value = self._record(offer, right)
        span = _begin(bid, offer)

        def acknowledged(result: RecordMetadata | UnknownFateError) -> None:
            _end(span, result)
            if isinstance(result, UnknownFateError):
                self._undecided.forget(offer.auction_id, bid)
                done(result)
            else:
                done(_receipt(offer, bid, result))

        with span:
            self._log.append_soon(AUCTION_BID, key=offer.auction_id, value=value, done=acknowledged)
        self._futile.placed(offer.bidder_id, offer.auction_id, bid)
        self._undecided.placed(offer.auction_id, bid, waited_s)
        log_bid_step("bid_sent", bid, auction_id=offer.auction_id, bidder_id=offer.bidder_id)
        return bid

    def place(self, offer: Offer) -> Receipt:
        """As `check` and `place_soon`, waiting. Raise UnknownFateError when no acknowledgement
        came."""
        bid, value = self._record(offer, None)
        self._undecided.check(offer.auction_id)  # the rest is checked as it is appended
        log_bid_step("bid_sent", bid, auction_id=offer.auction_id, bidder_id=offer.bidder_id)
        # Its outcome may come before its acknowledgement.
        self._futile.placed(offer.bidder_id, offer.auction_id, bid)
        self._undecided.placed(offer.auction_id, bid)
        try:
            with _begin(bid, offer) as span:
                metadata = self._log.append(AUCTION_BID, key=offer.auction_id, value=value)
        except (BusyError, UnknownFateError) as error:
            self._undecided.forget(offer.auction_id, bid)
            if isinstance(error, BusyError):  # else it may be in the log
                self._futile.forget(offer.bidder_id, offer.auction_id, bid)
            raise
        _end(span, metadata)
        return _receipt(offer, bid, metadata)

    def cached_right(self, bidder_id: int, auction_id: int) -> Right | None:
        """Return the right to bid there, when auction and bidder are cached; else None."""
        lot = self._auctions.get(auction_id)
        if lot is None:
            return None
        return self.rights.remembered(bidder_id, lot.seller_id, lot.currency)

    def expect_bids(self, users: Mapping[int, Collection[int]]) -> None:
        """Let the next refresh read the rights of these users, by auction. Raise BusyError when the
        store cannot answer."""
        unknown = [auction_id for auction_id in users if self._auctions.get(auction_id) is None]
        for batch in batches(unknown, AUCTIONS_READ_MAX):
            for auction_id, lot in self._outcomes.lots(batch).items():
                self._auctions.put(auction_id, lot)
        for auction_id, user_ids in users.items():
            known = self._auctions.get(auction_id)
            if known is not None:
                self.rights.expect(user_ids, known.seller_id)

    def answered(self, auction_id: int, outcome: BidderOutcome) -> None:
        """Count an outcome, whichever gateway the bid was sent to."""
        self._undecided.decided(auction_id, outcome.bid_id)
        if outcome.status == "rejected":
            self._futile.refused(outcome.bidder_id, auction_id, outcome.bid_id)
        elif not outcome.repeated:
            self._futile.forget(outcome.bidder_id, auction_id, outcome.bid_id)

    def refused(self, auction_id: int, bidder_id: int, bid: str) -> None:
        """Count a refused key of the bidder's."""
        self._undecided.decided(auction_id, bid)
        self._futile.refused(bidder_id, auction_id, bid)

    def status(self, bidder_id: int, auction_id: int, key: str) -> KnownBid | None:
        """Return the state of the caller's bid `key`; None: not known yet, it may still arrive."""
        bid = bid_id(bidder_id, auction_id, key)
        return self._newest(bid, self._outcomes.waiting(bid, auction_id), auction_id)

    def own_bid(self, bidder_id: int, bid: UUID) -> KnownBid:
        """Return the bid by its id. Raise NotFoundError if it is unknown or another user's."""
        known = self._newest(bid, self._outcomes.waiting_anywhere(bid), None)
        if known is None or known.bidder_id != bidder_id:
            raise NotFoundError("no such bid of yours")
        return known

    def decided(self, bid_ids: Sequence[UUID]) -> list[KnownBid]:
        """Those of the bids that have an outcome, archived ones aside."""
        return self._outcomes.decided(bid_ids)

    def decided_lately(
        self, bidder_ids: Sequence[int], within_s: float
    ) -> Iterator[list[KnownBid]]:
        """Yield the outcomes of these bidders, from any gateway, of the last `within_s` seconds."""
        return self._outcomes.decided_lately(bidder_ids, within_s)

    def refused_lately(
        self, bidder_ids: Sequence[int], within_s: float
    ) -> Iterator[list[RefusedBid]]:
        """Yield the refusals of these bidders, from any gateway, of the last `within_s` seconds."""
        return self._outcomes.refused_lately(bidder_ids, within_s)

    def _newest(
        self, bid: UUID, waiting: KnownBid | None, auction_id: int | None
    ) -> KnownBid | None:
        # Asked after the inbox: a bid that is settled, or archived, in between is found here.
        decided = next(iter(self._outcomes.decided([bid])), None)
        if decided is None:
            decided = self._outcomes.archived(bid, auction_id)
        if decided is None or (decided.is_failed and waiting is not None):
            return waiting
        return decided

    def _record(self, offer: Offer, right: Right | None) -> tuple[str, bytes]:
        if right is None:
            right = self._right(offer, self._lot(offer.auction_id))
        else:
            self._futile.check(offer.bidder_id, offer.auction_id)
        bid = bid_id_text(offer.bidder_id, offer.auction_id, offer.key)
        value = NewBidValue(
            v=1,
            bid_id=bid,
            auction_id=offer.auction_id,
            bidder_id=offer.bidder_id,
            amount=offer.amount,
            kind=offer.kind,
            confirm=offer.confirm,
            key=offer.key,
            received_at=rfc3339(self._clock()),
            limit=right.limit,
            blocked=True if right.blocked else UNSET,
        )
        return bid, _encode(value)

    def _lot(self, auction_id: int) -> Lot:
        # Only existence is remembered: a guess that one does not exist could be wrong a second on.
        known = self._auctions.get(auction_id)
        if known is not None:
            return known
        found = self._lots.get(auction_id)
        if found is None:
            raise NotFoundError("no such auction")
        self._auctions.put(auction_id, found)
        return found

    def _right(self, offer: Offer, lot: Lot) -> Right:
        bidder_id, auction_id = offer.bidder_id, offer.auction_id
        self._futile.check(bidder_id, auction_id)
        try:
            return self.rights.of(bidder_id, lot.seller_id, lot.currency)
        except ForbiddenError:  # it costs a reading each time
            self._futile.placed(bidder_id, auction_id, offer.key)
            raise


def _begin(bid: str, offer: Offer) -> Span:
    span = tracing.begin(Stage.PLACE)
    if span.is_recorded:
        span.annotate(bid_id=bid, auction_id=offer.auction_id, topic=AUCTION_BID.name)
    return span


def _end(span: Span, result: RecordMetadata | UnknownFateError) -> None:
    if isinstance(result, UnknownFateError):
        span.end(result.code)
    elif span.is_recorded:
        span.annotate(partition=result.partition, offset=result.offset)
        span.end()


def _receipt(offer: Offer, bid: str, metadata: RecordMetadata) -> Receipt:
    log_bid_step("bid_received", bid, partition=metadata.partition, offset=metadata.offset)
    log_time = rfc3339(metadata.log_time)
    RECEIPTS.add(
        bid_id=bid,
        bidder_id=offer.bidder_id,
        auction_id=offer.auction_id,
        partition=metadata.partition,
        offset=metadata.offset,
        log_time=log_time,
    )
    return Receipt(
        bid_id=bid,
        key=offer.key,
        auction_id=offer.auction_id,
        amount=offer.amount,
        kind=offer.kind,
        partition=metadata.partition,
        offset=metadata.offset,
        log_time=log_time,
    )
