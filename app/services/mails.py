"""Mails with a link that works once: requested in a transaction, sent by a task.

A request only records that a mail is due, so that no mail server delays it. The task makes the
token when it sends the mail: the store only has its hash, and a mail that is sent again has a new
token. Whatever process dies, the mail stays due and is sent again later.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from app.domain.errors import BusyError, RateLimitedError
from app.observability import metrics
from app.protocol.mails import Mail, MailPurpose, compose
from app.protocol.types import Language
from app.settings import Settings

TOKEN_BYTES = 32  # not to be guessed, so a plain hash is enough to keep

log = structlog.get_logger()


class MailRefusedError(Exception):
    """The mail server refuses this mail for good: its address does not exist, or the mail is
    invalid."""


class MailServerError(Exception):
    """The mail server does not answer, or refuses for now."""


@dataclass(frozen=True, slots=True)
class DueMail:
    """A mail that is due; `attempts` sends of it have failed."""

    user_id: int
    email: str
    language: Language
    purpose: MailPurpose
    attempts: int


class MailServer(Protocol):
    """The mail server."""

    def send(self, mail: Mail) -> None:
        """Send the mail. Raise MailRefusedError or MailServerError."""


class StoredMails(Protocol):
    """Mails that are due, and the hashes of their tokens. Methods raise BusyError."""

    def request_proof(self, user_id: int) -> bool:
        """Make a verification of the user's address due, unless it is verified; return False when
        too many were sent."""
        ...

    def request_reset(self, email: str) -> None:
        """Make a password reset due if the account exists; takes as long if not. Above the limit
        nothing is sent."""

    def request_change(self, user_id: int, email: str) -> bool:
        """Make a verification of this new address due and void one sent to an earlier address.

        Nothing is due, after the same time, when another account has the address. Return False when
        too many were sent.
        """
        ...

    def next_due(self, purpose_lives_s: dict[MailPurpose, int], digest: str) -> DueMail | None:
        """Return the mail that has been due longest and store `digest` as its token's hash; None
        when none is due.

        It is due again later unless `done` is called.
        """
        ...

    def done(self, mail: DueMail, digest: str) -> None:
        """Mark the mail as no longer due: it was sent, or will never be."""


class Mails:
    """Requests mails, and sends those that are due."""

    def __init__(
        self,
        stored: StoredMails,
        server: MailServer,
        *,
        settings: Settings,
        clock: Callable[[], datetime],
    ) -> None:
        self._stored, self._server, self._clock = stored, server, clock
        self._base_url, self._limits = settings.base_url, settings.limits
        self._lives_s: dict[MailPurpose, int] = {
            "proof": settings.limits.proof_token_s,
            "reset": settings.limits.reset_token_s,
            "change": settings.limits.reset_token_s,
            "changed": settings.limits.reset_token_s,  # no page takes its token
        }

    def request_proof(self, user_id: int) -> None:
        """Send the verification of the user's address again. Raise RateLimitedError."""
        if not self._stored.request_proof(user_id):
            raise self._too_many()

    def request_change(self, user_id: int, email: str) -> None:
        """Send a verification link to a new address. Raise RateLimitedError.

        The answer does not tell whether another account has the address: then nothing is sent.
        """
        if not self._stored.request_change(user_id, email):
            raise self._too_many()

    def request_reset(self, email: str) -> None:
        """Send a reset if there is such an account; the answer does not tell."""
        self._stored.request_reset(email)

    def send_due(self) -> None:
        """Send mails that are due for at most `mail_run_s`; stop when the mail server does not
        answer."""
        until = self._clock() + timedelta(seconds=self._limits.mail_run_s)
        while self._clock() < until and self._send_next():
            pass

    def _too_many(self) -> RateLimitedError:
        return RateLimitedError(
            "a mail was sent just now, or too many today",
            retry_after_s=self._limits.mail_pause_s,
        )

    def _send_next(self) -> bool:
        """Send one mail; return whether there may be more to send now."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        digest = digest_of(token)
        due = self._stored.next_due(self._lives_s, digest)
        if due is None:
            return False
        mail = compose(
            due.purpose,
            due.language,
            to=due.email,
            base_url=self._base_url,
            token=token,
            life_s=self._lives_s[due.purpose],
        )
        return self._send(due, mail, digest)

    def _send(self, due: DueMail, mail: Mail, digest: str) -> bool:
        try:
            self._server.send(mail)
        except MailRefusedError as error:
            self._finish(due, digest, metrics.MAIL_REFUSED, str(error))
        except MailServerError as error:
            if due.attempts + 1 < self._limits.mail_attempts_max:
                self._report(due, metrics.MAIL_DEFERRED, str(error))
                return False
            self._finish(due, digest, metrics.MAIL_GIVEN_UP, str(error))
            return False
        else:
            self._finish(due, digest, metrics.MAIL_SENT, "")
        return True

    def _finish(self, due: DueMail, digest: str, result: str, reason: str) -> None:
        self._stored.done(due, digest)
        self._report(due, result, reason)

    def _report(self, due: DueMail, result: str, reason: str) -> None:
        """Count and log the result, without address and token."""
        metrics.MAILS.labels(due.purpose, result).inc()
        write = log.info if result == metrics.MAIL_SENT else log.warning
        write("mail", user_id=due.user_id, purpose=due.purpose, result=result, reason=reason)


def digest_of(token: str) -> str:
    """Return the hash of a token that the store keeps."""
    return hashlib.sha256(token.encode()).hexdigest()


def send_due_mails(mails: Mails) -> None:
    """Run the task once; when the database does not answer the mails wait for the next run."""
    try:
        mails.send_due()
    except BusyError as error:
        log.warning("mails_deferred", error=str(error))
