"""Authenticating a user again before an action that a stolen session must not be enough for."""

from collections.abc import Callable

from app.domain.errors import FieldFault, ForbiddenError, InvalidError
from app.observability.security_log import SecurityEvent, log_security
from app.services.accounts import Identity, Passwords, is_password
from app.services.login_backoff import LoginBackoff, LoginOrigin, Subject
from app.services.profiles import Profiles


class Reauthentication:
    """Checks the password; for an account without one, that its log-in is recent."""

    def __init__(
        self,
        passwords: Passwords,
        profiles: Profiles,
        *,
        backoff: LoginBackoff,
        is_fresh: Callable[[Identity], bool],
    ) -> None:
        """`is_fresh` returns whether a user has logged in just now. Raise BusyError."""
        self._passwords, self._profiles = passwords, profiles
        self._backoff, self._is_fresh = backoff, is_fresh

    def check(self, identity: Identity, password_hash: str | None, typed: str | None) -> None:
        """Raise as `check_password`; for an account without a password raise ForbiddenError unless
        it has logged in just now."""
        if password_hash is not None:
            self.check_password(identity, password_hash, typed or "", field="password")
        elif not self._is_fresh(identity):
            raise ForbiddenError(detail="log in again first: this must be a fresh log-in")

    def check_password(
        self, identity: Identity, password_hash: str | None, typed: str, *, field: str
    ) -> None:
        """Raise InvalidError when the password is wrong, and RateLimitedError after too many wrong
        ones: a stolen session guesses as slowly as the log-in."""
        subject = Subject(identity.user_id, "", password_hash)
        with self._backoff.attempt(subject, LoginOrigin(f"session:{identity.session_id}")):
            if not is_password(typed, password_hash, self._passwords, self._profiles):
                log_security(SecurityEvent.PASSWORD_REFUSED, user_id=identity.user_id)
                raise InvalidError([FieldFault(field, "WRONG", "is not the password")])
