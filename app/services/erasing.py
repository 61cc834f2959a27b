"""Erasing a user: name, address and all that identifies them; their bids and messages stay,
unnamed.

docs/privacy.md lists what is kept where. Kafka holds ids only, so nothing in it names a user whose
row is erased.
"""

from dataclasses import dataclass
from typing import Protocol

from app.domain.errors import ConflictError, NotFoundError, UnauthenticatedError
from app.observability.security_log import SecurityEvent, log_security
from app.services.accounts import Identity
from app.services.reauthentication import Reauthentication
from app.services.recovery import EndSessions, end_again


@dataclass(frozen=True, slots=True)
class Erasable:
    """A user who may be erased: how they log in, and whether they lead in an open auction."""

    user_id: int
    password_hash: str | None
    is_leading: bool


class ErasableUsers(Protocol):
    """Stored accounts, to be erased. Methods raise BusyError."""

    def find(self, user_id: int) -> Erasable | None:
        """Return the user; None when there is none, or it was erased."""
        ...

    def erase(self, user_id: int) -> bool:
        """Erase the user unless they lead in an open auction, which is checked again; return
        whether it was done."""
        ...


class Erasure:
    """The use-cases of erasing an account."""

    def __init__(
        self,
        users: ErasableUsers,
        *,
        reauthentication: Reauthentication,
        end_sessions: EndSessions,
    ) -> None:
        self._users, self._reauthentication = users, reauthentication
        self._end_sessions = end_sessions

    def erase_own(self, identity: Identity, password: str | None) -> None:
        """Erase the caller.

        Raise InvalidError for a wrong password and RateLimitedError after too many, ForbiddenError
        for an account without one that logged in too long ago, ConflictError (`LEADING`) while
        leading in an open auction.
        """
        user = self._users.find(identity.user_id)
        if user is None:
            raise UnauthenticatedError(detail="no such user any more")
        self._reauthentication.check(identity, user.password_hash, password)
        self._erase(user, by=f"user:{identity.user_id}")

    def erase(self, user_id: int, *, by: str) -> None:
        """Erase a user for an operator. Raise NotFoundError, ConflictError."""
        user = self._users.find(user_id)
        if user is None:
            raise NotFoundError(f"there is no user {user_id}, or not any more")
        self._erase(user, by=by)

    def _erase(self, user: Erasable, *, by: str) -> None:
        """End the sessions first: when that fails nothing is changed."""
        if user.is_leading:
            raise _leading()
        self._end_sessions(user.user_id)
        if not self._users.erase(user.user_id):
            raise _leading()
        end_again(self._end_sessions, user.user_id)
        log_security(SecurityEvent.ERASED, user_id=user.user_id, by=by)


def _leading() -> ConflictError:
    return ConflictError("LEADING", "leads in an open auction: wait for its end")
