"""What PostgreSQL knows of bids: decided ones in `bids`, waiting ones in `inbox`."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, Row
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.domain.errors import BusyError
from app.domain.time import rfc3339
from app.protocol.outcomes import Outcome, Receipt
from app.protocol.records import BidValue, auction_bid_decoder
from app.protocol.topics import AUCTION_BID
from app.services.bidding import PENDING, KnownBid

_AUCTION = "SELECT 1 FROM auctions WHERE id = %(auction_id)s"

_DECIDED = """
SELECT bid_id, bidder_id, auction_id, key, amount, kind, status, code, seq, "partition", "offset",
       log_time, standing, alias, price, minimum_next_bid, ends_at, decided_at
FROM bids WHERE bid_id = ANY(%(bid_ids)s::uuid[]) AND key IS NOT NULL
"""

# The id is found as text: the payload of a lane may be long, and is parsed only when it matches.
_WAITING = """
SELECT "partition", "offset", payload, log_time FROM inbox
WHERE topic = %(topic)s AND (%(lane)s::text IS NULL OR key = %(lane)s)
  AND position(%(bid_id)s in payload) > 0
ORDER BY "offset" LIMIT 1
"""


class PostgresOutcomes:
    """The port `Outcomes`. Raises BusyError when the database cannot answer."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def auction_exists(self, auction_id: int) -> bool:
        """Whether there is such an auction."""
        return bool(self._rows(_AUCTION, {"auction_id": auction_id}))

    def decided(self, bid_ids: Sequence[UUID]) -> list[KnownBid]:
        """Those of the bids that have been decided."""
        ids = [str(bid) for bid in bid_ids]
        return [_known(row) for row in self._rows(_DECIDED, {"bid_ids": ids})]

    def waiting(self, bid: UUID, auction_id: int) -> KnownBid | None:
        """The bid, if it waits in the lane of this auction."""
        return self._waiting(bid, str(auction_id))

    def waiting_anywhere(self, bid: UUID) -> KnownBid | None:
        """The bid, if it waits in any lane."""
        return self._waiting(bid, None)

    def _waiting(self, bid: UUID, lane: str | None) -> KnownBid | None:
        asked = {"topic": AUCTION_BID.name, "lane": lane, "bid_id": str(bid)}
        for row in self._rows(_WAITING, asked):
            value = auction_bid_decoder.decode(row.payload)
            if isinstance(value, BidValue) and value.bid_id == bid:
                return KnownBid(value.bidder_id, _waiting_receipt(value, row), PENDING)
        return None

    def _rows(self, sql: str, parameters: dict[str, Any]) -> Sequence[Row[Any]]:
        try:
            with self._engine.connect() as connection:
                return connection.exec_driver_sql(sql, parameters).all()
        except (DBAPIError, PoolTimeoutError) as error:
            raise BusyError("the database cannot be reached") from error


def _known(row: Row[Any]) -> KnownBid:
    receipt = Receipt(
        bid_id=str(row.bid_id),
        key=row.key,
        auction_id=row.auction_id,
        amount=row.amount,
        kind=row.kind,
        partition=row.partition,
        offset=row.offset,
        log_time=rfc3339(row.log_time),
    )
    outcome = Outcome(
        status=row.status,
        standing=row.standing,
        code=row.code,
        seq=row.seq,
        alias=row.alias,
        price=row.price,
        minimum_next_bid=row.minimum_next_bid,
        ends_at=None if row.ends_at is None else rfc3339(row.ends_at),
        decided_at=None if row.decided_at is None else rfc3339(row.decided_at),
    )
    return KnownBid(row.bidder_id, receipt, outcome)


def _waiting_receipt(value: BidValue, row: Row[Any]) -> Receipt:
    return Receipt(
        bid_id=str(value.bid_id),
        key=value.key,
        auction_id=value.auction_id,
        amount=value.amount,
        kind=value.kind,
        partition=row.partition,
        offset=row.offset,
        log_time=rfc3339(row.log_time),
    )
