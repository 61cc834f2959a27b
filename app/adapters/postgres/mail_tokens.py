"""Mails that are due and the hashes of their tokens: a row per user and purpose.

A request for an address without an account is written as well, to one of a fixed number of rows
without a user (with a negative id), so that it takes as long.
"""

import zlib
from typing import Any

from sqlalchemy import Engine, Row
from sqlalchemy.exc import IntegrityError

from app.adapters.postgres.queries import first_row, read_row, rows
from app.protocol.mails import MailPurpose
from app.services.mails import DueMail
from app.services.recovery import TokenOwner
from app.settings import Limits

UNKNOWN_ADDRESS_ROWS = 1_024

# A mail is sent again after a pause only, and so many a day at most: whoever gets them may not
# have asked. `due_at` stays when one is due already. A token that was sent to one new address is no
# proof of the next, so it is void at once.
_REQUEST = """
INSERT INTO mail_tokens AS t (user_id, purpose, email, due_at, asked, counted_since)
SELECT id, %(purpose)s, email, due_at, 1, now() FROM ({whose}) AS whose (id, email, due_at)
ON CONFLICT (user_id, purpose) DO UPDATE SET
  due_at = CASE WHEN {is_allowed} THEN excluded.due_at ELSE t.due_at END,
  digest = CASE WHEN {is_allowed} AND t.email IS DISTINCT FROM excluded.email
    THEN NULL ELSE t.digest END,
  email = CASE WHEN {is_allowed} THEN excluded.email ELSE t.email END,
  attempts = CASE WHEN {is_allowed} THEN 0 ELSE t.attempts END,
  asked = CASE WHEN {is_new_day} THEN 1 WHEN {is_allowed} THEN t.asked + 1 ELSE t.asked END,
  counted_since = CASE WHEN {is_new_day} THEN now() ELSE t.counted_since END,
  asked_at = CASE WHEN {is_allowed} THEN now() ELSE t.asked_at END
RETURNING asked_at = now() AS is_allowed"""
_IS_NEW_DAY = "t.counted_since < now() - interval '1 day'"
_IS_ALLOWED = (
    "(t.asked_at < now() - make_interval(secs => %(pause_s)s)"
    f" AND (t.asked < %(per_day_max)s OR {_IS_NEW_DAY}))"
)


def _request(whose: str) -> str:
    return _REQUEST.format(whose=whose, is_allowed=_IS_ALLOWED, is_new_day=_IS_NEW_DAY)


_REQUEST_PROOF = _request(
    "SELECT id, NULL, now() FROM users"
    " WHERE id = %(user_id)s AND email IS NOT NULL AND email_proved_at IS NULL"
)
# Not for an account that a provider opened with an unproved address.
_REQUEST_RESET = _request(
    "SELECT coalesce((SELECT id FROM users WHERE lower(email) = lower(%(email)s)"
    " AND coalesce(password_hash, email_proved_at::text) IS NOT NULL), %(nobody)s), NULL, now()"
)
# Nothing is due where another account has the address, and as much is written.
_REQUEST_CHANGE = _request("""
  SELECT users.id, free.email, CASE WHEN free.email IS NOT NULL THEN now() END
  FROM users LEFT JOIN LATERAL (
    SELECT %(email)s::text AS email WHERE NOT EXISTS (
      SELECT FROM users o WHERE lower(o.email) = lower(%(email)s) AND o.id <> users.id)) AS free
  ON true WHERE users.id = %(user_id)s AND users.erased_at IS NULL""")

_NEXT_DUE = """
WITH next AS (
  SELECT t.user_id, t.purpose, coalesce(t.email, users.email) AS email, users.language, t.attempts
  FROM mail_tokens t JOIN users ON users.id = t.user_id
  WHERE t.due_at <= now() AND coalesce(t.email, users.email) IS NOT NULL
    AND (t.purpose <> 'proof' OR users.email_proved_at IS NULL)
  ORDER BY t.due_at LIMIT 1 FOR UPDATE OF t SKIP LOCKED)
UPDATE mail_tokens t SET
  digest = %(digest)s,
  expires_at = now() + make_interval(secs => CASE t.purpose
    WHEN 'proof' THEN %(proof_s)s ELSE %(reset_s)s END),
  attempts = t.attempts + 1,
  due_at = now() + make_interval(
    secs => least(%(retry_max_s)s, %(retry_first_s)s * 2 ^ t.attempts))
FROM next WHERE t.user_id = next.user_id AND t.purpose = next.purpose
RETURNING t.user_id, t.purpose, next.email, next.language, next.attempts"""

_DONE = """
UPDATE mail_tokens SET due_at = NULL, attempts = 0,
  email = CASE WHEN purpose = 'changed' THEN NULL ELSE email END
WHERE user_id = %(user_id)s AND purpose = %(purpose)s AND digest = %(digest)s RETURNING 1"""

_FIND = """
SELECT users.id AS user_id, users.email, users.nickname
FROM mail_tokens t JOIN users ON users.id = t.user_id
WHERE t.digest = %(digest)s AND t.purpose = %(purpose)s AND t.expires_at > now()"""

USE = """
UPDATE mail_tokens SET digest = NULL, due_at = NULL
WHERE digest = %(digest)s AND purpose = %(purpose)s AND expires_at > now() RETURNING user_id"""

_VERIFY = f"""
WITH used AS ({USE})
UPDATE users SET email_proved_at = coalesce(email_proved_at, now())
FROM used WHERE users.id = used.user_id AND users.email IS NOT NULL RETURNING users.id"""  # noqa: S608 - of texts of ours

# What was sent to the address before is void. A notice that is due already stays: it goes to an
# address of before, whose owner must hear of it.
_CHANGE_EMAIL = """
WITH asked AS (
  SELECT t.user_id, t.email, users.email AS before
  FROM mail_tokens t JOIN users ON users.id = t.user_id
  WHERE t.digest = %(digest)s AND t.purpose = 'change' AND t.expires_at > now() FOR UPDATE),
void AS (UPDATE mail_tokens t SET digest = NULL, due_at = NULL, email = NULL
  FROM asked WHERE t.user_id = asked.user_id AND t.purpose <> 'changed'),
notice AS (
  INSERT INTO mail_tokens AS t (user_id, purpose, email, due_at)
  SELECT user_id, 'changed', before, now() FROM asked WHERE lower(before) <> lower(email)
  ON CONFLICT (user_id, purpose) DO UPDATE SET email = excluded.email, due_at = excluded.due_at
  WHERE t.due_at IS NULL)
UPDATE users SET email = asked.email, email_proved_at = now()
FROM asked WHERE users.id = asked.user_id RETURNING users.id"""

# Who could read the mail has the address. The other mails of before are void; and where nobody had
# proved the address, the log-ins that are linked may be a stranger's, who signed up with it.
_RESET = f"""
WITH used AS ({USE}),
void AS (UPDATE mail_tokens t SET digest = NULL, due_at = NULL, email = NULL
  FROM used WHERE t.user_id = used.user_id AND t.purpose IN ('proof', 'change')),
unlinked AS (DELETE FROM identities i USING used, users u
  WHERE i.user_id = used.user_id AND u.id = used.user_id AND u.email_proved_at IS NULL)
UPDATE users SET password_hash = %(password_hash)s,
  email_proved_at = coalesce(email_proved_at, now())
FROM used WHERE users.id = used.user_id AND users.email IS NOT NULL RETURNING users.id"""  # noqa: S608


class PostgresMails:
    """The ports `StoredMails` and `Tokens`."""

    def __init__(self, engine: Engine, *, limits: Limits) -> None:
        self._engine, self._limits = engine, limits

    def request_proof(self, user_id: int) -> bool:
        """Make a verification due unless the address is verified; return False when too many were
        sent."""
        requested = rows(
            self._engine, _REQUEST_PROOF, {**self._bounds("proof"), "user_id": user_id}
        )
        return not requested or bool(requested[0].is_allowed)

    def request_reset(self, email: str) -> None:
        """Make a reset due if the account exists; takes as long if not."""
        placeholder_id = -1 - zlib.crc32(email.lower().encode()) % UNKNOWN_ADDRESS_ROWS
        rows(
            self._engine,
            _REQUEST_RESET,
            {**self._bounds("reset"), "email": email, "nobody": placeholder_id},
        )

    def request_change(self, user_id: int, email: str) -> bool:
        """Make a verification of the new address due unless another account has it; return False
        when too many were sent."""
        values = {**self._bounds("change"), "user_id": user_id, "email": email}
        requested = rows(self._engine, _REQUEST_CHANGE, values)
        return not requested or bool(requested[0].is_allowed)

    def next_due(self, purpose_lives_s: dict[MailPurpose, int], digest: str) -> DueMail | None:
        """Return the mail that has been due longest; it is due again after a growing pause."""
        values = {
            "digest": digest,
            "proof_s": purpose_lives_s["proof"],
            "reset_s": purpose_lives_s["reset"],
            "retry_first_s": self._limits.mail_retry_first_s,
            "retry_max_s": self._limits.mail_retry_max_s,
        }
        row = first_row(self._engine, _NEXT_DUE, values)
        return None if row is None else read_row(DueMail, row)

    def done(self, mail: DueMail, digest: str) -> None:
        """Mark the mail as no longer due, unless another was requested and sent meanwhile."""
        values = {"user_id": mail.user_id, "purpose": mail.purpose, "digest": digest}
        rows(self._engine, _DONE, values)

    def owner(self, purpose: MailPurpose, digest: str) -> TokenOwner | None:
        """Return the owner of the token; None when it is invalid."""
        row = first_row(self._engine, _FIND, {"purpose": purpose, "digest": digest})
        return None if row is None else read_row(TokenOwner, row)

    def verify_email(self, digest: str) -> int | None:
        """Use the token to verify the address; return the user's id, None when the token is
        invalid."""
        return _user_id(first_row(self._engine, _VERIFY, {"purpose": "proof", "digest": digest}))

    def change_email(self, digest: str) -> int | None:
        """Use the token to replace the address; return the user's id, None when the token is
        invalid."""
        try:
            return _user_id(first_row(self._engine, _CHANGE_EMAIL, {"digest": digest}))
        except IntegrityError:  # another account has the address by now
            return None

    def reset(self, digest: str, password_hash: str) -> int | None:
        """Use the token to replace the password; return the user's id, None when the token is
        invalid."""
        values = {"purpose": "reset", "digest": digest, "password_hash": password_hash}
        return _user_id(first_row(self._engine, _RESET, values))

    def _bounds(self, purpose: MailPurpose) -> dict[str, object]:
        limits = self._limits
        return {
            "purpose": purpose,
            "pause_s": limits.mail_pause_s,
            "per_day_max": limits.mails_per_day_max,
        }


def _user_id(row: Row[Any] | None) -> int | None:
    return None if row is None else int(row.id)
