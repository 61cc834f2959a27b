"""The port `Users` on PostgreSQL."""

from typing import Any

from msgspec import UNSET
from sqlalchemy import Engine, Row

from app.adapters.postgres.queries import by_id, contains, rows
from app.domain.errors import ConflictError
from app.domain.time import rfc3339
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
SELECT id, email, nickname, role, password_hash, status, email_proved_at,
  ARRAY(SELECT provider FROM identities WHERE user_id = users.id ORDER BY provider) AS providers
FROM users """

_BY_EMAIL = _COLUMNS + "WHERE lower(email) = lower(%(email)s)"
_BY_ID = _COLUMNS + "WHERE id = %(id)s AND erased_at IS NULL"

# Whoever had the password before must not become the owner by a change of address that waits.
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

_ADMINISTERED = """id, email, nickname, role, status, email_proved_at, created_at, (
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
        added = rows(self._engine, _ADD, values)
        if not added:
            raise ConflictError("EMAIL_TAKEN", "there is an account with this e-mail")
        return User(
            id=added[0].id,
            email=email,
            nickname=nickname,
            role=added[0].role,
            providers=[],
            status="active",
            email_proved=False,
            has_password=True,
        )

    def by_email(self, email: str) -> Account | None:
        """The account of this address."""
        found = rows(self._engine, _BY_EMAIL, {"email": email})
        return _account(found[0]) if found else None

    def by_id(self, user_id: int) -> Account | None:
        """The account of this id."""
        found = rows(self._engine, _BY_ID, {"id": user_id})
        return _account(found[0]) if found else None

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
        found = rows(self._engine, _CHANGE, values)
        return _admin_user(found[0]) if found else None

    def page(self, query: UserQuery, *, after_id: int | None, limit: int) -> list[AdminUser]:
        """At most `limit`, newest first."""
        values = {
            "words": contains(query.query),
            "role": query.role,
            "status": query.status,
            "after_id": after_id,
            "limit": limit,
        }
        return [_admin_user(row) for row in rows(self._engine, _PAGE, values)]


def _account(row: Row[Any]) -> Account:
    user = User(
        id=row.id,
        email=row.email,
        nickname=row.nickname,
        role=row.role,
        providers=list(row.providers),
        status=row.status,
        email_proved=row.email_proved_at is not None,
        has_password=row.password_hash is not None,
    )
    return Account(user, row.password_hash)


def _admin_user(row: Row[Any]) -> AdminUser:
    return AdminUser(
        id=row.id,
        email=row.email,
        nickname=row.nickname,
        role=row.role,
        status=row.status,
        email_proved=row.email_proved_at is not None,
        created_at=rfc3339(row.created_at),
        bid_limits=row.bid_limits,
    )
