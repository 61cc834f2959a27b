"""The ports `StoredRights`, `StoredLimits` and `StoredBlocks` on PostgreSQL."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Engine

from app.adapters.postgres.queries import by_id, read_row, rows, transaction
from app.domain.errors import ConflictError, NotFoundError
from app.domain.money import Currency
from app.protocol.resources import Block, Person
from app.services.rights import Bidder, Pair

# One answer for a bid: both what is the user's own and what is between them and the seller.
_RIGHTS = """
SELECT pair.user_id, pair.seller_id, u.email_proved_at IS NOT NULL AS is_proved,
  (SELECT jsonb_object_agg(l.currency, l.amount) FROM bid_limits l WHERE l.user_id = u.id)
    AS limits,
  EXISTS (SELECT FROM blocks b WHERE b.seller_id = pair.seller_id AND b.user_id = u.id) AS blocked
FROM unnest(%(user_ids)s::bigint[], %(seller_ids)s::bigint[]) AS pair (user_id, seller_id)
JOIN users u ON u.id = pair.user_id"""

_LIMITS = "SELECT currency, amount FROM bid_limits WHERE user_id = %(user_id)s"

_LOCK_USER = "SELECT 1 FROM users WHERE id = %s FOR KEY SHARE"

_SET_LIMIT = """
INSERT INTO bid_limits (user_id, currency, amount) VALUES (%s, %s, %s)
ON CONFLICT (user_id, currency) DO UPDATE SET amount = excluded.amount"""

_BLOCKS = f"""
SELECT b.user_id, u.nickname, b.created_at FROM blocks b JOIN users u ON u.id = b.user_id
WHERE b.seller_id = %(seller_id)s {by_id("b.user_id", ascending=True).rest}"""  # noqa: S608 - of our own constants

_COUNT = "SELECT count(*) FROM blocks WHERE seller_id = %s AND user_id <> %s"

# The seller's row is locked, so that two blocks at once are counted one after the other.
_LOCK_SELLER = "SELECT 1 FROM users WHERE id = %s FOR NO KEY UPDATE"

_BLOCK = """
INSERT INTO blocks (seller_id, user_id) VALUES (%s, %s) ON CONFLICT DO NOTHING"""

_UNBLOCK = """
DELETE FROM blocks WHERE seller_id = %(seller_id)s AND user_id = %(user_id)s RETURNING user_id"""


class PostgresRights:
    """Limits and blocks. Everything raises BusyError when the database cannot answer."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def rights(self, pairs: Sequence[Pair]) -> dict[Pair, tuple[Bidder, bool]]:
        """Return, by pair, the user and whether this seller has blocked them, without the pairs
        of users that do not exist."""
        user_ids, seller_ids = map(list, zip(*pairs, strict=True))
        found = rows(self._engine, _RIGHTS, {"user_ids": user_ids, "seller_ids": seller_ids})
        return {
            (row.user_id, row.seller_id): (Bidder(row.is_proved, row.limits or {}), row.blocked)
            for row in found
        }

    def limits(self, user_id: int) -> dict[Currency, int]:
        """Return the user's own limits."""
        found = rows(self._engine, _LIMITS, {"user_id": user_id})
        return {row.currency: row.amount for row in found}

    def set_limits(self, user_id: int, limits: Mapping[Currency, int]) -> None:
        """Replace the named limits. Raise NotFoundError when there is no such user."""
        with transaction(self._engine) as connection:
            if connection.exec_driver_sql(_LOCK_USER, (user_id,)).first() is None:
                raise NotFoundError("no such user")
            for currency, amount in sorted(limits.items()):
                connection.exec_driver_sql(_SET_LIMIT, (user_id, currency, amount))

    def blocks(self, seller_id: int, *, after_id: int | None, limit: int) -> list[Block]:
        """Return the users the seller has blocked, by id."""
        parameters = {"seller_id": seller_id, "after_id": after_id, "limit": limit}
        return [
            read_row(Block, row, user=Person(row.user_id, row.nickname))
            for row in rows(self._engine, _BLOCKS, parameters)
        ]

    def block(self, seller_id: int, user_id: int, *, at_most: int) -> None:
        """Block the user. Raises NotFoundError, and ConflictError (`TOO_MANY_BLOCKS`)."""
        with transaction(self._engine) as connection:
            connection.exec_driver_sql(_LOCK_SELLER, (seller_id,))
            if connection.exec_driver_sql(_LOCK_USER, (user_id,)).first() is None:
                raise NotFoundError("no such user")
            others = connection.exec_driver_sql(_COUNT, (seller_id, user_id)).scalar_one()
            if others >= at_most:
                raise ConflictError("TOO_MANY_BLOCKS", f"nobody can block more than {at_most}")
            connection.exec_driver_sql(_BLOCK, (seller_id, user_id))

    def unblock(self, seller_id: int, user_id: int) -> bool:
        """Remove the block; return False when there was none."""
        return bool(rows(self._engine, _UNBLOCK, {"seller_id": seller_id, "user_id": user_id}))
