"""The port `Identities` on PostgreSQL: the table `identities`."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Engine, Row
from sqlalchemy.exc import IntegrityError

from app.adapters.postgres.accounts import PostgresUsers
from app.adapters.postgres.queries import first_row, read_row, rows, transaction
from app.domain.errors import ConflictError
from app.protocol.resources import IdentityItem, User
from app.services.social import Profile

_OWNER = """
SELECT user_id FROM identities WHERE provider = %(provider)s AND subject = %(subject)s"""

_OWNER_OF_EMAIL = "SELECT id FROM users WHERE lower(email) = lower(%(email)s)"

# One statement: without the account there is no identity, and without the identity no account.
_SIGN_UP = """
WITH made AS (
  INSERT INTO users (email, nickname, email_proved_at)
  VALUES (%(email)s, %(nickname)s, CASE WHEN %(proved)s THEN now() END)
  ON CONFLICT (lower(email)) DO NOTHING RETURNING id
)
INSERT INTO identities (provider, subject, user_id)
SELECT %(provider)s, %(subject)s, id FROM made RETURNING user_id"""

_LINK = """
INSERT INTO identities (provider, subject, user_id)
VALUES (%(provider)s, %(subject)s, %(user_id)s)
ON CONFLICT (provider, subject) DO NOTHING"""

# The provider's proof holds for the very address that the account has; an account without one gets
# it, unless it is another's.
_PROVE = """
UPDATE users SET email = coalesce(email, %(email)s), email_proved_at = now()
WHERE id = %(user_id)s AND email_proved_at IS NULL AND (
  lower(email) = lower(%(email)s)
  OR email IS NULL AND NOT EXISTS (
    SELECT FROM users o WHERE lower(o.email) = lower(%(email)s)))"""

_OF = """
SELECT provider, created_at AS linked_at FROM identities
WHERE user_id = %(user_id)s ORDER BY provider"""

# Two unlinks at once must not take the last two: the second waits here for the first.
_LOCK = "SELECT 1 FROM users WHERE id = %(user_id)s FOR UPDATE"

_UNLINK = """
DELETE FROM identities WHERE user_id = %(user_id)s AND provider = %(provider)s AND (
  EXISTS (SELECT FROM users
    WHERE id = %(user_id)s AND email IS NOT NULL AND password_hash IS NOT NULL)
  OR EXISTS (SELECT FROM identities o
    WHERE o.user_id = %(user_id)s AND o.provider <> %(provider)s
      AND o.provider = ANY(%(offered)s)))
RETURNING subject"""

_HAS = """
SELECT FROM identities WHERE user_id = %(user_id)s AND provider = %(provider)s"""


class PostgresIdentities:
    """Identities, and the accounts that begin with one."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._users = engine, PostgresUsers(engine)

    def owner(self, profile: Profile) -> User | None:
        """Return the account of this identity."""
        return self._user(first_row(self._engine, _OWNER, _named(profile)))

    def owner_of_email(self, email: str) -> int | None:
        """Return the id of the account with this address."""
        found = first_row(self._engine, _OWNER_OF_EMAIL, {"email": email})
        return None if found is None else int(found.id)

    def sign_up(self, profile: Profile, nickname: str) -> User:
        """Create an account with this identity. Raise ConflictError when either was taken
        meanwhile."""
        is_proved = profile.email is not None and profile.email_verified
        values = {
            **_named(profile),
            "nickname": nickname,
            "email": profile.email,
            "proved": is_proved,
        }
        try:
            made = first_row(self._engine, _SIGN_UP, values)
        except IntegrityError as error:
            raise ConflictError("IDENTITY_TAKEN", "this log-in has an account") from error
        user = self._user(made)
        if user is None:
            raise ConflictError("EMAIL_TAKEN", "there is an account with this e-mail")
        return user

    def _user(self, found: Row[Any] | None) -> User | None:
        account = None if found is None else self._users.by_id(found.user_id)
        return account.user if account else None

    def link(self, user_id: int, profile: Profile) -> None:
        """Link it. Raises ConflictError (`IDENTITY_TAKEN`)."""
        values = {**_named(profile), "user_id": user_id, "email": profile.email}
        try:
            with transaction(self._engine) as connection:
                connection.exec_driver_sql(_LINK, values)
                owner = connection.exec_driver_sql(_OWNER, values).scalar_one()
                if owner != user_id:
                    raise ConflictError("IDENTITY_TAKEN", "this log-in is another account's")
                if profile.email and profile.email_verified:
                    connection.exec_driver_sql(_PROVE, values)
        except IntegrityError as error:
            message = "this account has another log-in of this provider"
            raise ConflictError("IDENTITY_TAKEN", message) from error

    def unlink(self, user_id: int, provider: str, *, offered: Collection[str]) -> bool:
        """Unlink; False: there is none. Raises ConflictError (`LAST_LOGIN`) unless a password or
        another of the `offered` providers remains."""
        values = {"user_id": user_id, "provider": provider, "offered": list(offered)}
        with transaction(self._engine) as connection:
            connection.exec_driver_sql(_LOCK, values)
            if connection.exec_driver_sql(_UNLINK, values).all():
                return True
            if connection.exec_driver_sql(_HAS, values).all():
                raise ConflictError("LAST_LOGIN", "there would be no way to log in any more")
        return False

    def of(self, user_id: int) -> list[IdentityItem]:
        """Return the identities of an account, by provider."""
        found = rows(self._engine, _OF, {"user_id": user_id})
        return [read_row(IdentityItem, row) for row in found]


def _named(profile: Profile) -> dict[str, Any]:
    return {"provider": profile.provider, "subject": profile.subject}
