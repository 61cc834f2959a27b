"""The port `Users` on PostgreSQL."""

from typing import Any

from msgspec import UNSET
from sqlalchemy import Engine, Row

from app.adapters.postgres.queries import by_id, contains, first_row, read_row, rows
from app.domain.errors import ConflictError
from app.protocol.resources import AdminUser, User, UserChange, UserQuery
from app.protocol.types import Language
from app.services.accounts import Account

_ADD = """
WITH added AS (
  INSERT INTO users (email, nickname, password_hash, language)
  VALUES (%(email)s, %(nickname)s, %(password_hash)s, %(language)s)
  ON CONFLICT (lower(email)) DO NOTHING RETURNING id, role),
proof AS (
  INSERT INTO mail_tokens (user_id, purpose, due_at) SELECT id, 'proof', now() FROM added)
SELECT id, role FROM added"""

_COLUMNS = """
SELECT id, email, nickname, role, status, password_hash,
  email_proved_at IS NOT NULL AS email_proved, password_hash IS NOT NULL AS has_password,
  ARRAY(SELECT provider FROM identities WHERE user_id = users.id ORDER BY provider) AS providers
FROM users """

_BY_EMAIL = _COLUMNS + "WHERE lower(email) = lower(%(email)s)"
_BY_ID = _COLUMNS + "WHERE id = %(id)s AND erased_at IS NULL"

# A user who knew the old password must not take over the account by a pending change of address.
_SET_PASSWORD = """
WITH changed AS (
  UPDATE users SET password_hash = %(password_hash)s
  WHERE id = %(id)s AND password_hash IS NOT DISTINCT FROM %(before)s RETURNING id),
void AS (UPDATE mail_tokens t SET digest = NULL, due_at = NULL, email = NULL
  FROM changed WHERE t.user_id = changed.id AND t.purpose = 'change')
SELECT id FROM changed"""

_REPLACE_HASH = """
UPDATE users SET password_hash = %(password_hash)s
WHERE id = %(id)s AND password_hash = %(before)s RETURNING id"""

_ADMINISTERED = """id, email, nickname, role, status, created_at,
  email_proved_at IS NOT NULL AS email_proved, (
  SELECT coalesce(jsonb_object_agg(currency, amount), '{}') FROM bid_limits
  WHERE user_id = users.id) AS bid_limits"""

_CHANGE = f"""
UPDATE users SET role = coalesce(%(role)s, role), status = coalesce(%(status)s, status)
WHERE id = %(id)s RETURNING {_ADMINISTERED}"""  # noqa: S608 - of our own constants

_PAGE = f"""
SELECT {_ADMINISTERED} FROM users
WHERE (%(words)s::text IS NULL OR email ILIKE %(words)s OR nickname ILIKE %(words)s)
AND (%(role)s::text IS NULL OR role = %(role)s)
AND (%(status)s::text IS NULL OR status = %(status)s)
{by_id("id").rest}"""  # noqa: S608 - of our own constants


class PostgresUsers:
    """Accounts in the table `users`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, email: str, nickname: str, password_hash: str, *, language: Language) -> User:
        """A new user, to whom a mail is due. Raises ConflictError (`EMAIL_TAKEN`)."""
        values = {
            "email": email,
            "nickname": nickname,
            "password_hash": password_hash,
            "language": language,
        }
        added = first_row(self._engine, _ADD, values)
        if added is None:
            raise ConflictError("EMAIL_TAKEN", "there is an account with this e-mail")
        return User(
            id=added.id,
            email=email,
            nickname=nickname,
            role=added.role,
            providers=[],
            status="active",
            email_proved=False,
            has_password=True,
        )

    def by_email(self, email: str) -> Account | None:
        """The account of this address."""
        return _account(first_row(self._engine, _BY_EMAIL, {"email": email}))

    def by_id(self, user_id: int) -> Account | None:
        """The account of this id."""
        return _account(first_row(self._engine, _BY_ID, {"id": user_id}))

    def set_password(self, user_id: int, password_hash: str, *, before: str | None) -> bool:
        """Replace the hash `before`; False when it is another by now, or there is no such user."""
        values = {"id": user_id, "password_hash": password_hash, "before": before}
        return bool(rows(self._engine, _SET_PASSWORD, values))

    def replace_hash(self, user_id: int, password_hash: str, *, before: str) -> bool:
        """Replace the hash `before` by another of the same password; False as `set_password`."""
        values = {"id": user_id, "password_hash": password_hash, "before": before}
        return bool(rows(self._engine, _REPLACE_HASH, values))

    def change(self, user_id: int, change: UserChange) -> AdminUser | None:
        """Set role and status; the user afterwards, None when there is none."""
        values = {
            "id": user_id,
            "role": None if change.role is UNSET else change.role,
            "status": None if change.status is UNSET else change.status,
        }
        changed = first_row(self._engine, _CHANGE, values)
        return None if changed is None else read_row(AdminUser, changed)

    def page(self, query: UserQuery, *, after_id: int | None, limit: int) -> list[AdminUser]:
        """At most `limit`, newest first."""
        values = {
            "words": contains(query.query),
            "role": query.role,
            "status": query.status,
            "after_id": after_id,
            "limit": limit,
        }
        return [read_row(AdminUser, row) for row in rows(self._engine, _PAGE, values)]


def _account(row: Row[Any] | None) -> Account | None:
    return None if row is None else Account(read_row(User, row), row.password_hash)
