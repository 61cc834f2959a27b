"""Erasing a person: name, address and all that says who they are; what they did stays, unnamed.

docs/privacy.md says what is kept where. The log has ids only, so nothing in it names anybody whose
row is erased.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from app.domain.errors import (
    ConflictError,
    FieldFault,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    UnauthenticatedError,
)
from app.observability.security_log import SecurityEvent, log_security
from app.services.accounts import Identity, Passwords
from app.services.profiles import Profiles
from app.services.recovery import EndSessions, end_again


@dataclass(frozen=True, slots=True)
class Erasable:
    """Somebody who may be erased: how they log in, and whether they lead in an open auction."""

    user_id: int
    password_hash: str | None
    is_leading: bool


class ErasableUsers(Protocol):
    """Stored accounts, to be erased. All raise BusyError."""

    def find(self, user_id: int) -> Erasable | None:
        """The person; None: there is none, or not any more."""
        ...

    def erase(self, user_id: int) -> bool:
        """Erase unless they lead in an open auction, which is asked again; whether it was done."""
        ...


class Erasure:
    """The use-cases of leaving for good."""

    def __init__(
        self,
        users: ErasableUsers,
        *,
        passwords: Passwords,
        profiles: Profiles,
        end_sessions: EndSessions,
        is_fresh: Callable[[Identity], bool],
    ) -> None:
        """`is_fresh` says whether somebody has logged in just before. Raises BusyError."""
        self._users, self._passwords, self._profiles = users, passwords, profiles
        self._end_sessions, self._is_fresh = end_sessions, is_fresh

    def erase_own(self, identity: Identity, password: str | None) -> None:
        """Erase the caller.

        Raises InvalidError for a wrong password, ForbiddenError for who has none and logged in too
        long ago, ConflictError (`LEADING`) while leading in an open auction.
        """
        user = self._users.find(identity.user_id)
        if user is None:
            raise UnauthenticatedError(detail="no such user any more")
        self._check(identity, user, password)
        self._erase(user, by=f"user:{identity.user_id}")

    def erase(self, user_id: int, *, by: str) -> None:
        """Erase somebody at an operator's word. Raises NotFoundError, ConflictError."""
        user = self._users.find(user_id)
        if user is None:
            raise NotFoundError(f"there is no user {user_id}, or not any more")
        self._erase(user, by=by)

    def _check(self, identity: Identity, user: Erasable, password: str | None) -> None:
        if user.password_hash is None:
            if not self._is_fresh(identity):
                raise ForbiddenError(detail="log in again first: this must be a fresh log-in")
            return
        forms = self._profiles.typed_forms(password or "")
        if not any(self._passwords.matches(form, user.password_hash) for form in forms):
            log_security(SecurityEvent.LOG_IN_FAILED, user_id=user.user_id)
            raise InvalidError([FieldFault("password", "WRONG", "is not the password")])

    def _erase(self, user: Erasable, *, by: str) -> None:
        """Sessions are ended first: while that is not possible nothing is changed."""
        if user.is_leading:
            raise _leading()
        self._end_sessions(user.user_id)
        if not self._users.erase(user.user_id):
            raise _leading()
        end_again(self._end_sessions, user.user_id)
        log_security(SecurityEvent.ERASED, user_id=user.user_id, by=by)


def _leading() -> ConflictError:
    return ConflictError("LEADING", "leads in an open auction: wait for its end")
