"""When a member was last seen in a room."""

from datetime import datetime

from sqlalchemy import Connection

REMEMBER = """
UPDATE room_members SET last_seen_at = greatest(last_seen_at, %s)
WHERE room_id = %s AND user_id = %s"""


def remember_last_seen(connection: Connection, room_id: int, user_id: int, at: datetime) -> None:
    """Write it down, never back in time; of no effect for one who is no member any more."""
    connection.exec_driver_sql(REMEMBER, (at, room_id, user_id))
