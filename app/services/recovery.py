"""What a mail's link is good for: proving an address, old or new, and choosing a new password."""

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
    """Whom a mail was sent to."""

    user_id: int
    email: str | None
    nickname: str


class MailTokens(Protocol):
    """The tokens of mails; each is used once. All raise BusyError."""

    def owner(self, purpose: MailPurpose, digest: str) -> TokenOwner | None:
        """Whose token it is, if it is good."""
        ...

    def verify_email(self, digest: str) -> int | None:
        """Use the token: the address is proved. The user's id; None: the token is not good."""
        ...

    def change_email(self, digest: str) -> int | None:
        """Use the token: the address it was sent to is the account's, and proved; a mail to the
        one before is due. The user's id; None: the token is not good, or another account has the
        address by now."""
        ...

    def reset(self, digest: str, password_hash: str) -> int | None:
        """Use the token: the password is another. The user's id; None: the token is not good."""
        ...


class Recovery:
    """The use-cases of somebody who has read a mail."""

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
        """The address that the mail was sent to is the person's, and from now on the account's.

        Raises InvalidError for a token that is not good.
        """
        digest, event = digest_of(token), SecurityEvent.EMAIL_PROVED
        user_id = self._tokens.verify_email(digest)
        if user_id is None:
            user_id, event = self._tokens.change_email(digest), SecurityEvent.EMAIL_CHANGED
        if user_id is None:
            raise _not_good()
        log_security(event, user_id=user_id)

    def reset(self, request: Reset) -> None:
        """The password is another, and all sessions are ended. Raises InvalidError.

        They are ended first: while that is not possible nothing is changed, and the token is good
        still. And once more for whoever logged in by the old password meanwhile.
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
    """End what was begun since `end_sessions` was called last; it is too late to refuse."""
    try:
        end_sessions(user_id)
    except BusyError as error:
        log.warning("sessions_not_ended", user_id=user_id, error=str(error))


def _not_good() -> InvalidError:
    fault = FieldFault("token", "NOT_GOOD", "was used, has expired, or another was sent since")
    return InvalidError([fault])
