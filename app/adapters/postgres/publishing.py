"""Notices on their way to the sockets: each claimed by one task at a time."""

from sqlalchemy import Connection

from app.domain.time import rfc3339
from app.protocol.fanout import UserNotice
from app.protocol.resources import Notice

CLAIM = """
UPDATE notices SET published_at = now() WHERE id IN (
  SELECT id FROM notices WHERE published_at IS NULL ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING id, user_id, kind, auction_id, params, at"""


def claim_notices(connection: Connection, *, limit: int) -> list[UserNotice]:
    """The oldest unpublished notices, marked as published if the transaction commits."""
    rows = connection.exec_driver_sql(CLAIM, (limit,))
    claimed = [
        UserNotice(user_id, Notice(notice_id, kind, auction_id, params, rfc3339(at)))
        for notice_id, user_id, kind, auction_id, params, at in rows
    ]
    return sorted(claimed, key=lambda item: item.notice.id)
