"""The port `Rooms` on PostgreSQL: membership and its outbox row in one transaction."""

from datetime import datetime

from sqlalchemy import Engine

from app.adapters.postgres.queries import by_id, first_row, read_row, rows, transaction
from app.domain.errors import NotFoundError
from app.protocol.resources import Room
from app.protocol.topics import CHAT_EVENT
from lanes.postgres.lanes import NOTIFY_OUTBOX

_ADD = """
INSERT INTO rooms (type, auction_id, name)
SELECT 'auction', a.id, coalesce(g.name, p.name)
FROM auctions a JOIN products p ON p.id = a.product_id
LEFT JOIN auction_goods g ON g.auction_id = a.id
WHERE a.id = %(auction_id)s ON CONFLICT (auction_id) DO NOTHING RETURNING id"""

_OF_AUCTION = "SELECT id FROM rooms WHERE auction_id = %(auction_id)s"

_COLUMNS = """
SELECT r.id, r.type, r.auction_id, r.name,
  (SELECT count(*) FROM room_members c WHERE c.room_id = r.id) AS members,
  m.user_id IS NOT NULL AS member
FROM rooms r LEFT JOIN room_members m ON m.room_id = r.id AND m.user_id = %(user_id)s """

_ONE = _COLUMNS + "WHERE r.id = %(room_id)s"

_JOINED = f"{_COLUMNS} WHERE m.user_id IS NOT NULL {by_id('r.id').rest}"

_JOIN = """
INSERT INTO room_members (room_id, user_id) VALUES (%(room_id)s, %(user_id)s)
ON CONFLICT DO NOTHING"""

_LEAVE = "DELETE FROM room_members WHERE room_id = %(room_id)s AND user_id = %(user_id)s"

_OPENED_BEFORE = """
SELECT id FROM rooms WHERE id > %(after_id)s AND created_at < %(moment)s
ORDER BY id LIMIT %(limit)s"""

_INSERT_EVENT = "INSERT INTO outbox (topic, key, payload) VALUES (%s, %s, %s)"


class PostgresRooms:
    """Rooms and members."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of_auction(self, auction_id: int) -> tuple[int, bool]:
        """The auction's room, and whether it is new. Raises NotFoundError."""
        added = first_row(self._engine, _ADD, {"auction_id": auction_id})
        if added is not None:
            return int(added.id), True
        found = first_row(self._engine, _OF_AUCTION, {"auction_id": auction_id})
        if found is None:
            raise NotFoundError("no such auction")
        return int(found.id), False

    def room(self, room_id: int, viewer_id: int) -> Room:
        """The room. Raises NotFoundError."""
        row = first_row(self._engine, _ONE, {"room_id": room_id, "user_id": viewer_id})
        if row is None:
            raise NotFoundError("no such room")
        return read_row(Room, row)

    def joined(self, user_id: int, *, after_id: int | None, limit: int) -> list[Room]:
        """At most `limit` rooms of the user, newest first."""
        values = {"user_id": user_id, "after_id": after_id, "limit": limit}
        return [read_row(Room, row) for row in rows(self._engine, _JOINED, values)]

    def opened_before(self, moment: datetime, *, after_id: int, limit: int) -> list[int]:
        """The ids of rooms that may have messages from before, ascending."""
        values = {"moment": moment, "after_id": after_id, "limit": limit}
        return [row.id for row in rows(self._engine, _OPENED_BEFORE, values)]

    def join(self, room_id: int, user_id: int, event: bytes) -> None:
        """Add the member and, if new, the chat event."""
        self._change(_JOIN, room_id, user_id, event)

    def leave(self, room_id: int, user_id: int, event: bytes) -> None:
        """Remove the member and, if there was one, add the chat event."""
        self._change(_LEAVE, room_id, user_id, event)

    def _change(self, sql: str, room_id: int, user_id: int, event: bytes) -> None:
        values = {"room_id": room_id, "user_id": user_id}
        with transaction(self._engine) as connection:
            if connection.exec_driver_sql(sql, values).rowcount:
                row = (CHAT_EVENT.name, str(room_id), event.decode())
                connection.exec_driver_sql(_INSERT_EVENT, row)
                connection.exec_driver_sql(NOTIFY_OUTBOX)
