"""What the live view reads: newest bids, prices, unread notices, room members."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Engine, Row
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.adapters.postgres.notices import NOTICES, notice_of
from app.adapters.postgres.queries import batches
from app.domain.errors import BusyError
from app.domain.time import rfc3339
from app.protocol.fanout import UserNotice
from app.protocol.outcomes import PublicBid
from app.protocol.pushes import PriceItem
from app.protocol.resources import Notice

PRICES_MAX = 200  # as many as a list shows
NOTICES_MAX = 100
BATCH_ROWS = 250  # half of what a socket's queue takes, if all were for one

_NEWEST_BIDS = """
SELECT seq, public_amount, alias, automatic, decided_at FROM bids
WHERE auction_id = %(auction_id)s AND seq IS NOT NULL ORDER BY seq DESC LIMIT %(limit)s
"""

_PRICES = """
SELECT id, price, bid_count, status, ends_at FROM auctions
WHERE status IN ('open', 'scheduled') ORDER BY ends_at LIMIT %(limit)s
"""

_UNREAD = (
    NOTICES
    + """WHERE user_id = %(user_id)s AND read_at IS NULL ORDER BY id DESC LIMIT %(limit)s
"""
)

# Published and not yet marked so, at the moment of the question, may have been missed too.
_PUBLISHED_LATELY = (
    NOTICES
    + """WHERE user_id = ANY(%(user_ids)s) AND read_at IS NULL AND (published_at IS NULL
  OR published_at >= now() - make_interval(secs => %(within_s)s))
ORDER BY id
"""
)

_READ = """
UPDATE notices SET read_at = now()
WHERE user_id = %(user_id)s AND id <= %(up_to)s AND read_at IS NULL
"""

_MEMBER = "SELECT 1 FROM room_members WHERE room_id = %(room_id)s AND user_id = %(user_id)s"

_ROOM = "SELECT 1 FROM rooms WHERE id = %(room_id)s"


class PostgresLive:
    """The ports `LiveViews`, `UserNotices` and `Membership`; BusyError when it cannot answer."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def newest_bids(self, auction_id: int, limit: int) -> list[PublicBid]:
        """The newest accepted bids as others see them, ascending by seq."""
        rows = self._rows(_NEWEST_BIDS, {"auction_id": auction_id, "limit": limit})
        return [
            PublicBid(row.seq, row.public_amount, row.alias, row.automatic, rfc3339(row.decided_at))
            for row in reversed(rows)
        ]

    def prices(self) -> list[PriceItem]:
        """Open and scheduled auctions, the next to end first."""
        return [
            PriceItem(
                id=row.id,
                price=row.price,
                bid_count=row.bid_count,
                status=row.status,
                ends_at=rfc3339(row.ends_at),
            )
            for row in self._rows(_PRICES, {"limit": PRICES_MAX})
        ]

    def unread(self, user_id: int) -> list[Notice]:
        """The newest unread notices, oldest first."""
        rows = self._rows(_UNREAD, {"user_id": user_id, "limit": NOTICES_MAX})
        return [notice_of(row) for row in reversed(rows)]

    def published_lately(
        self, user_ids: Sequence[int], within_s: float
    ) -> Iterator[list[UserNotice]]:
        """Unread notices of the last `within_s` seconds, in batches, oldest first."""
        asked = {"user_ids": list(user_ids), "within_s": within_s}
        for found in batches(self._engine, _PUBLISHED_LATELY, asked, size=BATCH_ROWS):
            yield [UserNotice(row.user_id, notice_of(row)) for row in found]

    def acknowledge(self, user_id: int, up_to: int) -> None:
        """All of the user's notices up to this one are read."""
        try:
            with self._engine.begin() as connection:
                connection.exec_driver_sql(_READ, {"user_id": user_id, "up_to": up_to})
        except (DBAPIError, PoolTimeoutError) as error:
            raise BusyError("the database cannot be reached") from error

    def is_member(self, room_id: int, user_id: int) -> bool:
        """Whether the user has joined the room and not left."""
        return bool(self._rows(_MEMBER, {"room_id": room_id, "user_id": user_id}))

    def room_exists(self, room_id: int) -> bool:
        """Whether there is such a room."""
        return bool(self._rows(_ROOM, {"room_id": room_id}))

    def _rows(self, sql: str, parameters: dict[str, Any]) -> Sequence[Row[Any]]:
        try:
            with self._engine.connect() as connection:
                return connection.exec_driver_sql(sql, parameters).all()
        except (DBAPIError, PoolTimeoutError) as error:
            raise BusyError("the database cannot be reached") from error
