"""Using the tokens of mails: verifying an address, old or new, and choosing a new password."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from app.domain.errors import BusyError, FieldFault, InvalidError
from app.observability.security_log import SecurityEvent, log_security
from app.protocol.mails import MailPurpose
from app.protocol.resources import Reset
from app.services.accounts import Passwords
from app.services.mails import digest_of
from app.services.profiles import Profiles, enforce_password, personal_texts

log = structlog.get_logger()

EndSessions = Callable[[int], object]
"""Ends all sessions of a user and closes their sockets. Raises BusyError."""


@dataclass(frozen=True, slots=True)
class TokenOwner:
    """The user a mail was sent to."""

    user_id: int
    email: str | None
    nickname: str


class MailTokens(Protocol):
    """The tokens of mails; each works once. Methods raise BusyError."""

    def owner(self, purpose: MailPurpose, digest: str) -> TokenOwner | None:
        """Return the owner of the token; None when it is invalid."""
        ...

    def verify_email(self, digest: str) -> int | None:
        """Use the token to verify the address; return the user's id, None when the token is
        invalid."""
        ...

    def change_email(self, digest: str) -> int | None:
        """Use the token to replace the account's address by the verified new one; a mail to the old
        address is due.

        Return the user's id; None when the token is invalid or another account has the address by
        now.
        """
        ...

    def reset(self, digest: str, password_hash: str) -> int | None:
        """Use the token to replace the password; return the user's id, None when the token is
        invalid."""
        ...


class Recovery:
    """The use-cases of the links in mails."""

    def __init__(
        self,
        tokens: MailTokens,
        *,
        passwords: Passwords,
        profiles: Profiles,
        end_sessions: EndSessions,
    ) -> None:
        self._tokens, self._passwords, self._profiles = tokens, passwords, profiles
        self._end_sessions = end_sessions

    def verify(self, token: str) -> None:
        """Verify the address the mail was sent to and make it the account's. Raise InvalidError for
        an invalid token."""
        digest, event = digest_of(token), SecurityEvent.EMAIL_PROVED
        user_id = self._tokens.verify_email(digest)
        if user_id is None:
            user_id, event = self._tokens.change_email(digest), SecurityEvent.EMAIL_CHANGED
        if user_id is None:
            raise _not_good()
        log_security(event, user_id=user_id)

    def reset(self, request: Reset) -> None:
        """Replace the password and end all sessions. Raise InvalidError.

        Sessions are ended first: when that fails nothing is changed and the token stays valid. They
        are ended once more for a log-in with the old password meanwhile.
        """
        digest = digest_of(request.token)
        owner = self._tokens.owner("reset", digest)
        if owner is None:  # before a hash is computed: that is what costs
            raise _not_good()
        personal = personal_texts(owner.email, owner.nickname)
        password_hash = self._passwords.hash(
            enforce_password(request.password, self._profiles, personal)
        )
        self._end_sessions(owner.user_id)
        user_id = self._tokens.reset(digest, password_hash)
        if user_id is None:
            raise _not_good()
        end_again(self._end_sessions, user_id)
        log_security(SecurityEvent.PASSWORD_RESET, user_id=user_id)


def end_again(end_sessions: EndSessions, user_id: int) -> None:
    """End sessions opened since `end_sessions` was last called; an error is only logged, because
    the change is committed."""
    try:
        end_sessions(user_id)
    except BusyError as error:
        log.warning("sessions_not_ended", user_id=user_id, error=str(error))


def _not_good() -> InvalidError:
    fault = FieldFault("token", "NOT_GOOD", "was used, has expired, or another was sent since")
    return InvalidError([fault])
