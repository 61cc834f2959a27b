"""A user's notices, newest first."""

from sqlalchemy import Engine

from app.adapters.postgres.queries import by_id, read_row, rows
from app.protocol.resources import Notice

# Settling stores notices without the product, which it does not know; reading adds it.
NOTICES = """SELECT id, user_id, kind, auction_id, at,
params || jsonb_build_object('product', (
  SELECT coalesce(g.name, p.name) FROM auctions a JOIN products p ON p.id = a.product_id
  LEFT JOIN auction_goods g ON g.auction_id = a.id WHERE a.id = notices.auction_id)) AS params
FROM notices """

_PAGE = f"{NOTICES} WHERE user_id = %(user_id)s {by_id('id').rest}"


class PostgresNotices:
    """The port `StoredNotices`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def page(self, user_id: int, *, after_id: int | None, limit: int) -> list[Notice]:
        """At most `limit`, newest first."""
        values = {"user_id": user_id, "after_id": after_id, "limit": limit}
        return [read_row(Notice, row) for row in rows(self._engine, _PAGE, values)]
