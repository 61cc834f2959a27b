"""Bids in PostgreSQL: decided ones in `bids`, waiting ones in `inbox`."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, Row

from app.adapters.postgres.queries import batches, first_row, read_row, rows
from app.protocol.outcomes import PENDING, Outcome, Receipt
from app.protocol.records import BidderRefusal, BidValue, auction_bid_decoder, receipt_of
from app.protocol.topics import AUCTION_BID
from app.services.bidding import KnownBid, Lot, RefusedBid

BATCH_ROWS = 250  # half of what a socket's queue takes, if all were for one

_LOTS = "SELECT id, seller_id, currency FROM auctions WHERE id = ANY(%(ids)s::bigint[])"

_COLUMNS = """
SELECT bid_id, bidder_id, auction_id, key, amount, kind, status, code, seq, "partition", "offset",
       log_time, standing, alias, price, minimum_next_bid, ends_at, decided_at
"""

_KNOWN = _COLUMNS + "FROM bids "

_WANTED = "WHERE bid_id = ANY(%(bid_ids)s::uuid[]) AND key IS NOT NULL"

_DECIDED = _KNOWN + _WANTED

_DECIDED_EVER = f"{_COLUMNS} FROM all_bids {_WANTED}"

# Without the auction every partition of the archive is read.
_ARCHIVED = f"""{_COLUMNS} FROM bids_archive
WHERE bid_id = %(bid_id)s AND key IS NOT NULL
  AND (%(auction_id)s::bigint IS NULL OR auction_id = %(auction_id)s)"""

_LATELY = "settled_at >= now() - make_interval(secs => %(within_s)s)"

# A repeat was answered too: with the outcome of the bid that was decided long ago.
_DECIDED_LATELY = f"""
{_KNOWN} WHERE bidder_id = ANY(%(bidder_ids)s) AND key IS NOT NULL AND {_LATELY}
UNION ALL
{_KNOWN} WHERE bidder_id = ANY(%(bidder_ids)s) AND bid_id IN (
  SELECT bid_id FROM decisions WHERE effect = 'repeat' AND {_LATELY})
UNION ALL
SELECT archived.* FROM (
  SELECT DISTINCT auction_id, bid_id FROM decisions WHERE effect = 'repeat' AND {_LATELY}
) AS repeated
CROSS JOIN LATERAL (
  {_COLUMNS} FROM bids_archive AS b
  WHERE b.auction_id = repeated.auction_id AND b.bid_id = repeated.bid_id LIMIT 1) AS archived
WHERE bidder_id = ANY(%(bidder_ids)s)
ORDER BY "partition", "offset"
"""  # noqa: S608 - of our own constants

_REFUSED_LATELY = f"""
SELECT refused.auction_id, bidder_id, key, (detail->>'amount')::bigint AS amount,
       detail->>'kind' AS kind, refused."partition", refused."offset", refused.code
FROM (
  SELECT * FROM decisions WHERE code = 'KEY_REUSED' AND detail <> '{{}}' AND {_LATELY}
) AS refused CROSS JOIN LATERAL (
  SELECT bidder_id, key FROM all_bids AS b
  WHERE b.auction_id = refused.auction_id AND b.bid_id = refused.bid_id LIMIT 1) AS named
WHERE bidder_id = ANY(%(bidder_ids)s)
ORDER BY refused."partition", refused."offset"
"""  # noqa: S608 - of our own constants

# The id is found as text: the payload of a lane may be long, and is parsed only when it matches.
_WAITING = """
SELECT "partition", "offset", payload, log_time FROM lanes.inbox
WHERE topic = %(topic)s AND (%(lane)s::text IS NULL OR key = %(lane)s)
  AND position(%(bid_id)s in payload) > 0
ORDER BY "offset" LIMIT 1
"""


class PostgresOutcomes:
    """The port `Outcomes`. Raises BusyError when the database cannot answer."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def lots(self, auction_ids: Sequence[int]) -> dict[int, Lot]:
        """Return those of the auctions that exist, by id."""
        found = rows(self._engine, _LOTS, {"ids": list(auction_ids)})
        return {row.id: Lot(row.seller_id, row.currency) for row in found}

    def decided(self, bid_ids: Sequence[UUID]) -> list[KnownBid]:
        """Return those of the bids that have been decided."""
        ids = [str(bid) for bid in bid_ids]
        return [_known(row) for row in rows(self._engine, _DECIDED, {"bid_ids": ids})]

    def decided_ever(self, bid_ids: Sequence[UUID]) -> list[KnownBid]:
        """As `decided`, including the archive."""
        ids = [str(bid) for bid in bid_ids]
        return [_known(row) for row in rows(self._engine, _DECIDED_EVER, {"bid_ids": ids})]

    def archived(self, bid: UUID, auction_id: int | None) -> KnownBid | None:
        """Return the bid if its auction ended long ago; slower without the auction."""
        parameters = {"bid_id": str(bid), "auction_id": auction_id}
        row = first_row(self._engine, _ARCHIVED, parameters)
        return None if row is None else _known(row)

    def decided_lately(
        self, bidder_ids: Sequence[int], within_s: float
    ) -> Iterator[list[KnownBid]]:
        """Yield the outcomes of these bidders' bids and repeats, in batches, in log order."""
        parameters = {"bidder_ids": list(bidder_ids), "within_s": within_s}
        for found in batches(self._engine, _DECIDED_LATELY, parameters, size=BATCH_ROWS):
            yield [_known(row) for row in found]

    def refused_lately(
        self, bidder_ids: Sequence[int], within_s: float
    ) -> Iterator[list[RefusedBid]]:
        """Yield the keys that these bidders have used for two bids, in batches, in log order."""
        parameters = {"bidder_ids": list(bidder_ids), "within_s": within_s}
        for found in batches(self._engine, _REFUSED_LATELY, parameters, size=BATCH_ROWS):
            yield [RefusedBid(row.auction_id, read_row(BidderRefusal, row)) for row in found]

    def waiting(self, bid: UUID, auction_id: int) -> KnownBid | None:
        """Return the bid if it waits in the lane of this auction."""
        return self._waiting(bid, str(auction_id))

    def waiting_anywhere(self, bid: UUID) -> KnownBid | None:
        """Return the bid if it waits in any lane."""
        return self._waiting(bid, None)

    def _waiting(self, bid: UUID, lane: str | None) -> KnownBid | None:
        parameters = {"topic": AUCTION_BID.name, "lane": lane, "bid_id": str(bid)}
        for row in rows(self._engine, _WAITING, parameters):
            value = auction_bid_decoder.decode(row.payload)
            if isinstance(value, BidValue) and value.bid_id == bid:
                receipt = receipt_of(
                    value, partition=row.partition, offset=row.offset, log_time=row.log_time
                )
                return KnownBid(value.bidder_id, receipt, PENDING)
        return None


def _known(row: Row[Any]) -> KnownBid:
    return KnownBid(row.bidder_id, read_row(Receipt, row), read_row(Outcome, row))
