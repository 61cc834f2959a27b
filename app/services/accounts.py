"""Who somebody is: sign-up, log-in, refresh with rotation, log-out, and reading access tokens.

An access token names its session; while the session store answers, the session must exist there,
while it does not, the token is believed until it expires (system.md, Who owns what).

A refresh token's successor is derived from it: whoever brings the same token again, because the
answer was lost or two tabs asked at once, gets the same successor, and nobody's token is void.
"""

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Protocol

from app.domain.errors import BusyError, UnauthenticatedError
from app.observability.security_log import SecurityEvent, log_security
from app.protocol.resources import Login, Signup, Tokens, User, UserAnswer
from app.protocol.types import Role
from app.services.profiles import Profiles, enforce_signup, typed_forms
from app.settings import Limits

SECRET_BYTES = 32  # of a refresh token: not to be guessed
SESSION_BYTES = 16  # of a session's id: it ends the session, and is not to be guessed either
SESSION_ID = re.compile(f"[0-9a-f]{{{2 * SESSION_BYTES}}}")


@dataclass(frozen=True, slots=True)
class Identity:
    """A signed-in user, by an access token good until `expires_at_s` (epoch seconds)."""

    user_id: int
    nickname: str
    role: Role
    session_id: str
    expires_at_s: float


@dataclass(frozen=True, slots=True)
class Account:
    """A user as stored; no hash: signs in with a provider only."""

    user: User
    password_hash: str | None


class Users(Protocol):
    """Stored accounts. All raise BusyError when the store cannot answer."""

    def add(self, email: str, nickname: str, password_hash: str) -> User:
        """A new user. Raises ConflictError (`EMAIL_TAKEN`), whatever the case of its letters."""
        ...

    def by_email(self, email: str) -> Account | None:
        """The account of this address, whatever the case of its letters."""
        ...

    def by_id(self, user_id: int) -> User | None:
        """The user of this id."""
        ...


class Sessions(Protocol):
    """Sessions and their refresh-token families. All raise BusyError when unreachable."""

    def open(self, session_id: str, user_id: int, token_hash: str) -> None:
        """A new session whose one valid refresh token has this hash."""

    def owner(self, session_id: str) -> int:
        """The user's id. Raises UnauthenticatedError when there is no such session."""
        ...

    def rotate(self, session_id: str, token_hash: str, new_hash: str) -> None:
        """Replace the valid token, atomically, unless `token_hash` was replaced just before.

        Raises UnauthenticatedError: `TOKEN_REUSED`, and the session is dead, when the token is
        neither the valid one nor the one that was rotated away last, a moment ago;
        `UNAUTHENTICATED` when there is no such session.
        """

    def exists(self, session_id: str) -> bool:
        """Whether the session's access tokens are good."""
        ...

    def end(self, session_id: str) -> None:
        """The session and its family are dead; every gateway is told."""


class Passwords(Protocol):
    """Slow hashing."""

    def hash(self, password: str) -> str:
        """A salted hash."""
        ...

    def matches(self, password: str, password_hash: str | None) -> bool:
        """Whether it is the password; takes as long when there is no hash, and is then False."""
        ...


class AccessTokens(Protocol):
    """Signed tokens of short life."""

    def issue(self, user: User, session_id: str) -> str:
        """A token for this session."""
        ...

    def read(self, token: str) -> Identity:
        """Whose it is. Raises UnauthenticatedError when forged, expired or anything else."""
        ...


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What log-in and refresh give: the answer without, and the refresh token."""

    tokens: Tokens
    refresh_token: str


class Accounts:
    """The use-cases of an account."""

    def __init__(
        self,
        users: Users,
        sessions: Sessions,
        *,
        passwords: Passwords,
        profiles: Profiles,
        access: AccessTokens,
        refresh_key: str,
        limits: Limits,
    ) -> None:
        """`refresh_key` is the secret with which refresh tokens are derived."""
        self._users, self._sessions, self._passwords = users, sessions, passwords
        self._profiles, self._access, self._limits = profiles, access, limits
        self._refresh_key = refresh_key.encode()

    def sign_up(self, asked: Signup) -> UserAnswer:
        """A new user. Raises InvalidError, ConflictError (`EMAIL_TAKEN`)."""
        kept = enforce_signup(asked, self._profiles)
        password_hash = self._passwords.hash(kept.password)
        user = self._users.add(kept.email, kept.nickname, password_hash)
        log_security(SecurityEvent.SIGNED_UP, user_id=user.id)
        return UserAnswer(user)

    def log_in(self, asked: Login) -> SignedIn:
        """A new session. Raises UnauthenticatedError (`BAD_CREDENTIALS`), as slow either way."""
        account = self._users.by_email(asked.email)
        password_hash = account.password_hash if account else None
        forms = typed_forms(asked.password, self._profiles)
        is_right = any(self._passwords.matches(form, password_hash) for form in forms)
        if not is_right or account is None:
            # Whose account it was tried on, if anybody's; what was typed is told to nobody.
            user_id = account.user.id if account else None
            log_security(SecurityEvent.LOG_IN_FAILED, user_id=user_id)
            raise UnauthenticatedError("BAD_CREDENTIALS", "wrong e-mail or password")
        return self.begin_session(account.user)

    def begin_session(self, user: User) -> SignedIn:
        """A new session of somebody who has shown who they are. Raises BusyError."""
        session_id, secret = secrets.token_hex(SESSION_BYTES), secrets.token_urlsafe(SECRET_BYTES)
        self._sessions.open(session_id, user.id, _digest(secret))
        log_security(SecurityEvent.LOGGED_IN, user_id=user.id)
        return self._signed_in(user, session_id, secret)

    def refresh(self, refresh_token: str) -> SignedIn:
        """Rotate. Raises UnauthenticatedError; `TOKEN_REUSED` has revoked the family.

        Nothing is rotated unless all else could be read: what raises BusyError may be tried again
        with the same token at any time.
        """
        session_id, _, old = refresh_token.partition(".")
        user = self._users.by_id(self._sessions.owner(session_id))
        if user is None:
            self._sessions.end(session_id)
            raise UnauthenticatedError(detail="no such user any more")
        new = self._successor(session_id, old)
        try:
            self._sessions.rotate(session_id, _digest(old), _digest(new))
        except UnauthenticatedError as error:
            if error.code == "TOKEN_REUSED":
                log_security(SecurityEvent.TOKEN_REUSED, user_id=user.id)
            raise
        return self._signed_in(user, session_id, new)

    def log_out(self, identity: Identity) -> None:
        """The session is dead, with its family and its access tokens."""
        self._sessions.end(identity.session_id)

    def log_out_by_refresh_token(self, refresh_token: str) -> None:
        """The session that the token names is dead; nothing happens when it names none.

        Also one that is dead already is ended: its gateways may not have heard of it.
        """
        session_id, _, _ = refresh_token.partition(".")
        if SESSION_ID.fullmatch(session_id):
            self._sessions.end(session_id)

    def me(self, identity: Identity) -> UserAnswer:
        """The signed-in user. Raises UnauthenticatedError when there is none any more."""
        user = self._users.by_id(identity.user_id)
        if user is None:
            raise UnauthenticatedError(detail="no such user any more")
        return UserAnswer(user)

    def authenticate(self, token: str) -> Identity:
        """Whose token this is. Raises UnauthenticatedError when it or its session is dead."""
        identity = self._access.read(token)
        try:
            alive = self._sessions.exists(identity.session_id)
        except BusyError:
            return identity
        if not alive:
            raise UnauthenticatedError(detail="the session has ended")
        return identity

    def _successor(self, session_id: str, secret: str) -> str:
        message = f"refresh:{session_id}.{secret}".encode()
        digest = hmac.digest(self._refresh_key, message, "sha256")
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def _signed_in(self, user: User, session_id: str, secret: str) -> SignedIn:
        token = self._access.issue(user, session_id)
        answer = Tokens(token, self._limits.access_token_s, user)
        return SignedIn(answer, f"{session_id}.{secret}")


def _digest(secret: str) -> str:
    # Random of 256 bits: a plain hash is enough, there is nothing to guess.
    return hashlib.sha256(secret.encode()).hexdigest()
