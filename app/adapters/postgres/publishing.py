"""Notices on their way to the sockets: each claimed by one task at a time."""

from sqlalchemy import Connection

from app.adapters.postgres.notices import NOTICES
from app.adapters.postgres.queries import read_row
from app.protocol.fanout import UserNotice
from app.protocol.resources import Notice

_CLAIMED = """
WITH claimed AS (UPDATE notices SET published_at = now() WHERE id IN (
  SELECT id FROM notices WHERE published_at IS NULL ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING id)
"""
_ARE_CLAIMED = "WHERE id IN (SELECT id FROM claimed) ORDER BY id"
CLAIM = _CLAIMED + NOTICES + _ARE_CLAIMED


def claim_notices(connection: Connection, *, limit: int) -> list[UserNotice]:
    """The oldest unpublished notices, marked as published if the transaction commits."""
    rows = connection.exec_driver_sql(CLAIM, (limit,))
    return [UserNotice(row.user_id, read_row(Notice, row)) for row in rows]
