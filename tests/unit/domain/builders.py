"""Builds auctions and feeds them records, so that a test names only what matters to it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypedDict, Unpack

from app.domain.auction import Auction, open_auction
from app.domain.decision import BidDecision, ControlDecision, Outcome
from app.domain.ids import bid_id
from app.domain.ledger import DecidedBid, DecidedControl, Entry, Ledger
from app.domain.money import Currency
from app.domain.records import (
    BidKind,
    BidPlaced,
    CancelRequested,
    CloseDue,
    Position,
    Record,
    ReserveLoweringRequested,
    StartDue,
    VoidRequested,
)
from app.domain.rules import Rules
from app.domain.terms import AuctionMode, Offer, SoftClose, Terms, make_terms
from lanes.time import from_epoch_ms

NOW = from_epoch_ms(1_795_435_200_000)
AUCTION, SELLER, ANN, BOB, CEM, ADMIN = 42, 1, 2, 3, 4, 900


def after(seconds: float) -> datetime:
    """The moment `seconds` after the creation of the auction."""
    return NOW + timedelta(milliseconds=round(seconds * 1000))


class OfferFields(TypedDict, total=False):
    """The fields of an offer that a test may name."""

    currency: Currency
    starting_price: int
    mode: AuctionMode
    starts_at: datetime | None
    ends_at: datetime | None
    reserve_price: int | None
    buy_now_price: int | None
    soft_close: SoftClose | None


def make(*, rules: Rules | None = None, ends: float = 3600, **fields: Unpack[OfferFields]) -> Terms:
    """Terms of an auction, by default in KRW from 1,000, open at once, for an hour."""
    usual = Offer(currency="KRW", starting_price=1_000, ends_at=after(ends))
    offer = replace(usual, **fields)
    return make_terms(offer, auction_id=AUCTION, seller_id=SELLER, now=NOW, rules=rules or Rules())


class BidFields(TypedDict, total=False):
    """What a test may say of a bid besides bidder, amount and kind."""

    at: float
    confirm: bool
    key: str
    limit: int | None
    blocked: bool


class Lane:
    """An auction and its ledger; each call appends one record `at` seconds, and decides it."""

    def __init__(
        self, terms: Terms | None = None, *, ends: float = 3600, **fields: Unpack[OfferFields]
    ) -> None:
        self.ledger = Ledger(open_auction(terms or make(ends=ends, **fields)))
        self.records: list[Record] = []
        self.entries: list[Entry] = []

    @property
    def auction(self) -> Auction:
        return self.ledger.auction

    def feed(self, record: Record) -> Entry:
        entry = self.ledger.apply(record)
        self.records.append(record)
        self.entries.append(entry)
        return entry

    def place(
        self, bidder_id: int, amount: int, kind: BidKind = "exact", **fields: Unpack[BidFields]
    ) -> Entry:
        """A bid, by default at second 1, confirmed, with a key of its own."""
        key = fields.get("key", f"k{len(self.records)}")
        return self.feed(
            BidPlaced(
                bid_id=bid_id(bidder_id, AUCTION, key),
                bidder_id=bidder_id,
                amount=amount,
                kind=kind,
                confirm=fields.get("confirm", True),
                key=key,
                position=self._position(),
                log_time=after(fields.get("at", 1)),
                limit=fields.get("limit"),
                blocked=fields.get("blocked", False),
            )
        )

    def decided(
        self, bidder_id: int, amount: int, kind: BidKind = "exact", **fields: Unpack[BidFields]
    ) -> DecidedBid:
        entry = self.place(bidder_id, amount, kind, **fields)
        assert isinstance(entry, DecidedBid)
        return entry

    def decision(
        self, bidder_id: int, amount: int, kind: BidKind = "exact", **fields: Unpack[BidFields]
    ) -> BidDecision:
        return self.decided(bidder_id, amount, kind, **fields).decision

    def bid(
        self, bidder_id: int, amount: int, kind: BidKind = "exact", **fields: Unpack[BidFields]
    ) -> Outcome:
        return self.decision(bidder_id, amount, kind, **fields).outcome

    def code(self, bidder_id: int, amount: int, **fields: Unpack[BidFields]) -> str | None:
        return self.bid(bidder_id, amount, **fields).code

    def start(self, at: float) -> ControlDecision:
        return self._control(StartDue(self._position(), after(at)))

    def close(self, at: float) -> ControlDecision:
        return self._control(CloseDue(self._position(), after(at)))

    def cancel(
        self, at: float, reason: str | None = "broken", actor_id: int = SELLER
    ) -> ControlDecision:
        return self._control(CancelRequested(actor_id, reason, self._position(), after(at)))

    def lower_reserve(
        self, reserve_price: int, at: float = 1, actor_id: int = SELLER
    ) -> ControlDecision:
        return self._control(
            ReserveLoweringRequested(actor_id, reserve_price, self._position(), after(at))
        )

    def void(self, bidder_id: int, at: float = 1) -> ControlDecision:
        record = VoidRequested(ADMIN, bidder_id, "a stolen card", self._position(), after(at))
        return self._control(record)

    def _control(self, record: Record) -> ControlDecision:
        entry = self.feed(record)
        assert isinstance(entry, DecidedControl)
        return entry.decision

    def _position(self) -> Position:
        return Position(partition=3, offset=100 + len(self.records))
