"""Sessions of users: their port, and ending them.

All sessions of a user are ended by one function, `UserSessions.end_all`, for the user, a new
password, or an admin. It is called after the change is stored: a log-in that read the account
before checks it once more when its session is open.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol

from app.domain.errors import NotFoundError
from app.domain.time import rfc3339
from app.protocol.resources import Listed, Page, Session
from app.services.pages import Position, page
from lanes import epoch_ms, from_epoch_ms

DEVICE_CHARACTERS_MAX = 200  # of the browser's User-Agent
ID_BYTES = 6  # of a session as its owner sees it: every number of so many is exact in JavaScript


@dataclass(frozen=True, slots=True)
class Client:
    """The device and address of a sign-in, as the browser and the connection report them."""

    device: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A living session; times in epoch milliseconds."""

    session_id: str
    client: Client
    created_ms: int
    used_ms: int


class Sessions(Protocol):
    """Sessions and their refresh-token families. All raise BusyError when unreachable."""

    def open(self, session_id: str, user_id: int, *, token_hash: str, client: Client) -> None:
        """A new session whose one valid refresh token has this hash.

        A user who has too many loses the one used longest ago.
        """

    def owner(self, session_id: str) -> int:
        """The user's id. Raises UnauthenticatedError when there is no such session."""
        ...

    def rotate(
        self,
        session_id: str,
        user_id: int,
        *,
        token_hash: str,
        successors: Sequence[str],
        client: Client,
    ) -> int:
        """Replace the valid token, atomically, unless `token_hash` was replaced just before.

        The valid one is replaced by the first of `successors`. Return the place of the one that
        is valid now. Raises UnauthenticatedError: `TOKEN_REUSED`, and the session is dead, when
        the token is neither the valid one nor the one that was rotated away last, a moment ago;
        `UNAUTHENTICATED` when there is no such session.
        """
        ...

    def exists(self, session_id: str) -> bool:
        """Whether the session's access tokens are good."""
        ...

    def of_user(self, user_id: int) -> list[StoredSession]:
        """The user's living sessions, in no order."""
        ...

    def end(self, session_id: str) -> None:
        """End the session and its family, and notify every gateway."""

    def end_all(self, user_id: int, *, but: str | None) -> None:
        """End all of the user's sessions but `but`, and notify every gateway, also when called
        again."""


class UserSessions:
    """The sessions of one user, as that user or an admin handles them."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def page(self, user_id: int, current: str, query: Page) -> Listed[Session]:
        """A page of the sessions, last used first. Raises InvalidError for a bad cursor."""
        stored = sorted(self._sessions.of_user(user_id), key=_position, reverse=True)

        def read(after: Position | None, limit: int) -> Sequence[StoredSession]:
            return [one for one in stored if after is None or _position(one) < after][:limit]

        return page(
            query, "sessions", read, position=_position, show=partial(_shown, current=current)
        )

    def end(self, user_id: int, number: int) -> None:
        """End the session that its owner knows by this number. Raises NotFoundError."""
        for stored in self._sessions.of_user(user_id):
            if public_id(stored.session_id) == number:
                self._sessions.end(stored.session_id)
                return
        raise NotFoundError("no such session")

    def end_others(self, user_id: int, current: str) -> None:
        """End all sessions but this one."""
        self._sessions.end_all(user_id, but=current)

    def end_all(self, user_id: int) -> None:
        """End all sessions; their sockets close on every gateway. May be repeated at any time."""
        self._sessions.end_all(user_id, but=None)

    def began_since(self, user_id: int, session_id: str, moment: datetime) -> bool:
        """Whether the session is alive and began after `moment`."""
        began = {one.session_id: one.created_ms for one in self._sessions.of_user(user_id)}
        return began.get(session_id, 0) > epoch_ms(moment)


def public_id(session_id: str) -> int:
    """Return the name by which its owner refers to a session.

    Its own id stays out of URLs and logs: with it the session could be ended.
    """
    return 1 + int.from_bytes(hashlib.sha256(session_id.encode()).digest()[:ID_BYTES])


def _position(stored: StoredSession) -> Position:
    return stored.used_ms, public_id(stored.session_id)


def _shown(stored: StoredSession, *, current: str) -> Session:
    return Session(
        id=public_id(stored.session_id),
        device=stored.client.device,
        address=stored.client.address or None,
        created_at=rfc3339(from_epoch_ms(stored.created_ms)),
        last_used_at=rfc3339(from_epoch_ms(stored.used_ms)),
        current=stored.session_id == current,
    )
