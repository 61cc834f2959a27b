"""A user's notices, newest first."""

from sqlalchemy import Engine

from app.adapters.postgres.queries import rows
from app.domain.time import rfc3339
from app.protocol.resources import Notice

_PAGE = """
SELECT id, kind, auction_id, params, at FROM notices WHERE user_id = %(user_id)s
AND (%(before_id)s::bigint IS NULL OR id < %(before_id)s) ORDER BY id DESC LIMIT %(limit)s"""


class PostgresNotices:
    """The port `StoredNotices`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def page(self, user_id: int, before_id: int | None, limit: int) -> list[Notice]:
        """At most `limit`, newest first."""
        values = {"user_id": user_id, "before_id": before_id, "limit": limit}
        return [
            Notice(row.id, row.kind, row.auction_id, row.params, rfc3339(row.at))
            for row in rows(self._engine, _PAGE, values)
        ]
