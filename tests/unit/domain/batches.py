"""Settling without a database: records are decided in batches, each with only what it needs."""

from datetime import datetime

from app.domain.auction import Auction, open_auction
from app.domain.ledger import DecidedBid, Entry, Ledger
from app.domain.notice import Notice
from app.domain.notices import notices_of
from app.domain.records import BidPlaced, Record, VoidRequested
from app.domain.terms import Terms


class Batches:
    """What a database would keep between batches, and looks up for each."""

    def __init__(self, terms: Terms) -> None:
        self.auction = open_auction(terms)
        self.entries: list[Entry] = []
        self.notices: list[Notice] = []
        self._ledger = Ledger(self.auction)
        self._bidder_ids: set[int] = set()
        self._outbid_at: dict[int, datetime] = {}

    def settle(self, records: list[Record]) -> None:
        bids = [record for record in records if isinstance(record, BidPlaced)]
        needed = {bid.bidder_id for bid in bids} | {self.auction.leader_id}
        voids = [record for record in records if isinstance(record, VoidRequested)]
        history = self._ledger.history if voids else ()
        needed |= {void.bidder_id for void in voids}
        needed |= {bid.bidder_id for bid in history if isinstance(bid, BidPlaced)}
        ids = {bid.bid_id for bid in bids}
        ledger = Ledger(
            self.auction,
            aliases={user: n for user, n in self._ledger.aliases.items() if user in needed},
            known={bid: known for bid, known in self._ledger.known.items() if bid in ids},
            history=history,
        )
        entries = [ledger.apply(record) for record in records]
        self._notify(ledger.auction, entries)
        self.auction = ledger.auction
        self.entries += entries
        self._ledger = Ledger(
            self.auction,
            aliases={**self._ledger.aliases, **ledger.aliases},
            known={**self._ledger.known, **ledger.known},
            history=ledger.history if voids else (*self._ledger.history, *ledger.history),
        )

    def _notify(self, auction: Auction, entries: list[Entry]) -> None:
        notices = notices_of(
            auction,
            entries,
            earlier_bidder_ids=self._bidder_ids,
            last_outbid_at=self._outbid_at,
        )
        self.notices += notices
        self._outbid_at |= {n.user_id: n.at for n in notices if n.kind == "outbid"}
        self._bidder_ids |= {
            entry.record.bidder_id
            for entry in entries
            if isinstance(entry, DecidedBid) and entry.decision.outcome.status == "accepted"
        }
