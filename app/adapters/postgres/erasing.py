"""The port `ErasableUsers`: what PostgreSQL stores of a user, and how it is erased."""

from sqlalchemy import Engine

from app.adapters.postgres.queries import first_row, read_row, transaction
from app.services.erasing import Erasable

_IS_LEADING = """
EXISTS (SELECT FROM auction_bidders b JOIN auctions a ON a.id = b.auction_id
  WHERE b.bidder_id = users.id AND a.status = 'open' AND a.leader_id = users.id)"""

_FIND = f"""
SELECT id AS user_id, password_hash, {_IS_LEADING} AS is_leading FROM users
WHERE id = %(user_id)s AND erased_at IS NULL"""  # noqa: S608 - of texts of ours

_ERASE = f"""
UPDATE users SET email = NULL, nickname = '', password_hash = NULL, email_proved_at = NULL,
  role = 'user', erased_at = now()
WHERE id = %(user_id)s AND erased_at IS NULL AND NOT {_IS_LEADING} RETURNING id"""  # noqa: S608

# What is theirs alone. Products, auctions, bids and messages are others', too, and stay.
_THEIRS = (
    "DELETE FROM identities WHERE user_id = %(user_id)s",
    "DELETE FROM mail_tokens WHERE user_id = %(user_id)s",
    "DELETE FROM watches WHERE user_id = %(user_id)s",
    "DELETE FROM notices WHERE user_id = %(user_id)s",
    "DELETE FROM room_members WHERE user_id = %(user_id)s",
)


class PostgresErasing:
    """Erases in one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, user_id: int) -> Erasable | None:
        """Return the user; None when there is none, or it was erased."""
        row = first_row(self._engine, _FIND, {"user_id": user_id})
        return None if row is None else read_row(Erasable, row)

    def erase(self, user_id: int) -> bool:
        """Erase unless the user leads in an open auction; return whether it was done."""
        values = {"user_id": user_id}
        with transaction(self._engine) as connection:
            if not connection.exec_driver_sql(_ERASE, values).all():
                return False
            for statement in _THEIRS:
                connection.exec_driver_sql(statement, values)
        return True
