"""The notices after a batch of entries (rule 19, except those of watchers).

Pure: the same entries, bidders and last notice times give the same notices, and a log cut into
batches gives the notices of the whole, if each batch gets the notice times of the one before.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from app.domain.auction import Auction
from app.domain.decision import Outcome
from app.domain.ledger import DecidedBid, DecidedControl, Entry
from app.domain.notice import Notice, NoticeKind
from app.domain.records import CancelRequested, VoidRequested
from app.domain.rules import Rules


@dataclass(frozen=True, slots=True)
class _Ending:
    how: Literal["sold", "unsold", "cancelled"]
    at: datetime
    reason: str | None = None


def notices_of(
    auction: Auction,
    entries: Iterable[Entry],
    *,
    earlier_bidder_ids: Collection[int],
    last_outbid_at: Mapping[int, datetime],
) -> tuple[Notice, ...]:
    """Return the notices of one batch, in order; `auction` is the state after it.

    `earlier_bidder_ids`: users with an accepted bid before the batch; used only if the batch ended
    the auction. `last_outbid_at`: when a user last had the notice `outbid` of this auction; it must
    cover the leader before the batch and the bidders in it.
    """
    noticed_at = dict(last_outbid_at)
    bidder_ids: set[int] = set()
    notices: list[Notice] = []
    for entry in entries:
        if isinstance(entry, DecidedBid) and entry.decision.outcome.status == "accepted":
            bidder_ids.add(entry.record.bidder_id)
            notices += _outbid(auction, entry, noticed_at)
        if isinstance(entry, DecidedControl):
            notices += _void_notices(auction, entry)
        ending = _ending(entry)
        if ending is not None:
            bidders = bidder_ids.union(earlier_bidder_ids) - auction.voided_ids
            notices += _end_notices(auction, ending, bidders)
    return tuple(notices)


def _outbid(auction: Auction, entry: DecidedBid, noticed_at: dict[int, datetime]) -> list[Notice]:
    """The notice to the leader who lost the lead, unless there was one just now; after a buy-now it
    is `lost`."""
    displaced_id, outcome = entry.decision.displaced_id, entry.decision.outcome
    if displaced_id is None or entry.decision.bought:
        return []
    if not _outbid_is_due(auction.terms.rules, outcome, noticed_at.get(displaced_id)):
        return []
    noticed_at[displaced_id] = outcome.decided_at
    params = {"price": outcome.price, "currency": auction.terms.currency}
    return [Notice("outbid", displaced_id, auction.terms.auction_id, outcome.decided_at, params)]


def _outbid_is_due(rules: Rules, outcome: Outcome, noticed_at: datetime | None) -> bool:
    """At most one in 60 s, except in the last 10 min of the auction."""
    if noticed_at is None:
        return True
    if outcome.ends_at - outcome.decided_at <= timedelta(seconds=rules.outbid_notice_free_s):
        return True
    return outcome.decided_at - noticed_at >= timedelta(seconds=rules.outbid_notice_interval_s)


def _void_notices(auction: Auction, entry: DecidedControl) -> list[Notice]:
    """Rule 20: the voided bidder, and who leads because of it."""
    record, decision = entry.record, entry.decision
    if not isinstance(record, VoidRequested) or decision.effect != "bids_voided":
        return []
    auction_id, at = auction.terms.auction_id, decision.decided_at
    notices = [Notice("voided", record.bidder_id, auction_id, at, {"reason": record.reason})]
    if decision.new_leader_id is not None:
        params = {"price": entry.logged.price, "currency": auction.terms.currency}
        notices.append(Notice("leading", decision.new_leader_id, auction_id, at, params))
    return notices


def _ending(entry: Entry) -> _Ending | None:
    """Return the ending that this entry caused, if any."""
    if isinstance(entry, DecidedBid) and entry.decision.bought:
        return _Ending("sold", entry.decision.outcome.decided_at)
    if isinstance(entry, DecidedControl):
        effect, at = entry.decision.effect, entry.decision.decided_at
        if effect in ("sold", "unsold"):
            return _Ending(effect, at)
        if effect == "cancelled" and isinstance(entry.record, CancelRequested):
            return _Ending(effect, at, entry.record.reason)
    return None


def _end_notices(auction: Auction, ending: _Ending, bidder_ids: Collection[int]) -> list[Notice]:
    """Seller first, then the bidders by id; of a cancel the seller knows already."""
    auction_id, seller_id = auction.terms.auction_id, auction.terms.seller_id
    if ending.how == "cancelled":
        why = {"reason": ending.reason}
        return [
            Notice("cancelled", user, auction_id, ending.at, why) for user in sorted(bidder_ids)
        ]
    params = {"price": auction.winning_amount, "currency": auction.terms.currency}
    notices = [Notice(ending.how, seller_id, auction_id, ending.at, params)]
    for bidder_id in sorted(bidder_ids):
        kind: NoticeKind = "won" if bidder_id == auction.winner_id else "lost"
        notices.append(Notice(kind, bidder_id, auction_id, ending.at, params))
    return notices
