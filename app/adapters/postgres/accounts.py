"""The port `Users` on PostgreSQL."""

from typing import Any

from sqlalchemy import Engine, Row

from app.adapters.postgres.queries import rows
from app.domain.errors import ConflictError
from app.protocol.resources import User
from app.protocol.types import Role
from app.services.accounts import Account

_ADD = """
INSERT INTO users (email, nickname, password_hash)
VALUES (%(email)s, %(nickname)s, %(password_hash)s)
ON CONFLICT (lower(email)) DO NOTHING RETURNING id, role"""

_COLUMNS = """
SELECT id, email, nickname, role, password_hash,
  ARRAY(SELECT provider FROM identities WHERE user_id = users.id ORDER BY provider) AS providers
FROM users """

_BY_EMAIL = _COLUMNS + "WHERE lower(email) = lower(%(email)s)"
_BY_ID = _COLUMNS + "WHERE id = %(id)s"

_SET_ROLE = """
UPDATE users SET role = %(role)s WHERE lower(email) = lower(%(email)s) RETURNING id"""


class PostgresUsers:
    """Accounts in the table `users`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, email: str, nickname: str, password_hash: str) -> User:
        """A new user. Raises ConflictError (`EMAIL_TAKEN`)."""
        values = {"email": email, "nickname": nickname, "password_hash": password_hash}
        added = rows(self._engine, _ADD, values)
        if not added:
            raise ConflictError("EMAIL_TAKEN", "there is an account with this e-mail")
        return User(added[0].id, email, nickname, added[0].role, [])

    def by_email(self, email: str) -> Account | None:
        """The account of this address."""
        found = rows(self._engine, _BY_EMAIL, {"email": email})
        return Account(_user(found[0]), found[0].password_hash) if found else None

    def by_id(self, user_id: int) -> User | None:
        """The user of this id."""
        found = rows(self._engine, _BY_ID, {"id": user_id})
        return _user(found[0]) if found else None

    def set_role(self, email: str, role: Role) -> bool:
        """What this user may do from the next token on; False when there is no such user."""
        return bool(rows(self._engine, _SET_ROLE, {"email": email, "role": role}))


def _user(row: Row[Any]) -> User:
    return User(row.id, row.email, row.nickname, row.role, list(row.providers))
