"""Reads for the live view: newest bids, prices, unread notices, room members."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Engine

from app.adapters.postgres.notices import NOTICES
from app.adapters.postgres.queries import batches, read_row, rows, transaction
from app.protocol.fanout import UserNotice
from app.protocol.pushes import PriceItem
from app.protocol.resources import Notice

PRICES_MAX = 200  # as many as a list shows
NOTICES_MAX = 100
BATCH_ROWS = 250  # half of what a socket's queue takes, if all were for one

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

    def prices(self) -> list[PriceItem]:
        """Open and scheduled auctions, the next to end first."""
        return [
            read_row(PriceItem, row) for row in rows(self._engine, _PRICES, {"limit": PRICES_MAX})
        ]

    def unread(self, user_id: int) -> list[Notice]:
        """The newest unread notices, oldest first."""
        found = rows(self._engine, _UNREAD, {"user_id": user_id, "limit": NOTICES_MAX})
        return [read_row(Notice, row) for row in reversed(found)]

    def published_lately(
        self, user_ids: Sequence[int], within_s: float
    ) -> Iterator[list[UserNotice]]:
        """Unread notices of the last `within_s` seconds, in batches, oldest first."""
        parameters = {"user_ids": list(user_ids), "within_s": within_s}
        for found in batches(self._engine, _PUBLISHED_LATELY, parameters, size=BATCH_ROWS):
            yield [UserNotice(row.user_id, read_row(Notice, row)) for row in found]

    def acknowledge(self, user_id: int, up_to: int) -> None:
        """Mark all of the user's notices up to this one as read."""
        with transaction(self._engine) as connection:
            connection.exec_driver_sql(_READ, {"user_id": user_id, "up_to": up_to})

    def is_member(self, room_id: int, user_id: int) -> bool:
        """Whether the user has joined the room and not left."""
        return bool(rows(self._engine, _MEMBER, {"room_id": room_id, "user_id": user_id}))

    def room_exists(self, room_id: int) -> bool:
        """Whether there is such a room."""
        return bool(rows(self._engine, _ROOM, {"room_id": room_id}))
