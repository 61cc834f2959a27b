"""Accounts: sign-up, log-in, refresh with rotation, log-out, and reading access tokens.

An access token names its session; while the session store answers, the session must exist there,
while it does not, the token is accepted until it expires. A refresh token's successor is derived
from it: a client that sends the same token again, because the answer was lost or two tabs refreshed
at once, gets the same successor, and no token is void.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from app.domain.errors import (
    BusyError,
    ForbiddenError,
    UnauthenticatedError,
)
from app.observability.security_log import SecurityEvent, log_security
from app.protocol.resources import Login, Signup, Tokens, User, UserAnswer
from app.protocol.types import Language, Role
from app.services.login_backoff import EXEMPT, LoginBackoff, LoginOrigin, Subject
from app.services.profiles import Profiles, enforce_signup
from app.services.sessions import Client, Sessions
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
    is_suspended: bool
    session_id: str
    expires_at_s: float


@dataclass(frozen=True, slots=True)
class Account:
    """A stored user; `password_hash` is None for an account that signs in with a provider only."""

    user: User
    password_hash: str | None


class Users(Protocol):
    """Stored accounts. Methods raise BusyError when the store cannot answer."""

    def add(self, email: str, nickname: str, password_hash: str, *, language: Language) -> User:
        """Add a user and make a mail due. Raise ConflictError (`EMAIL_TAKEN`), ignoring the case of
        letters."""
        ...

    def by_email(self, email: str) -> Account | None:
        """Return the account with this address, ignoring the case of letters."""
        ...

    def by_id(self, user_id: int) -> Account | None:
        """Return the account with this id."""
        ...

    def set_password(self, user_id: int, password_hash: str, *, before: str | None) -> bool:
        """Replace the hash `before`; return False when it is no longer the stored one or there is
        no such user."""
        ...

    def replace_hash(self, user_id: int, password_hash: str, *, before: str) -> bool:
        """Replace the hash `before` by another of the same password; return False as
        `set_password`."""
        ...


class Passwords(Protocol):
    """Slow hashing."""

    def hash(self, password: str) -> str:
        """Return a salted hash."""
        ...

    def matches(self, password: str, password_hash: str | None) -> bool:
        """Return whether the password matches; takes as long when there is no hash, and returns
        False."""
        ...

    def is_outdated(self, password_hash: str) -> bool:
        """Return whether a hash that matched has other parameters than a new one would have."""
        ...


class AccessTokens(Protocol):
    """Short-lived signed tokens."""

    def issue(self, user: User, session_id: str) -> str:
        """Return a token for this session."""
        ...

    def read(self, token: str) -> Identity:
        """Return the identity in the token. Raise UnauthenticatedError when it is forged, expired
        or otherwise invalid."""
        ...


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What log-in and refresh return: the answer without, and the refresh token."""

    tokens: Tokens
    refresh_token: str
    device_token: str = ""  # of log-in


class Accounts:
    """The use-cases of an account."""

    def __init__(
        self,
        users: Users,
        sessions: Sessions,
        *,
        passwords: Passwords,
        profiles: Profiles,
        backoff: LoginBackoff,
        access: AccessTokens,
        token_keys: Sequence[str],
        limits: Limits,
    ) -> None:
        """Refresh tokens are derived with the first of `token_keys`; the other keys are accepted as
        well."""
        self._users, self._sessions, self._passwords = users, sessions, passwords
        self._profiles, self._access, self._limits = profiles, access, limits
        self._refresh_keys = [key.encode() for key in token_keys]
        self._backoff = backoff

    def sign_up(self, request: Signup) -> UserAnswer:
        """Create a user. Raise InvalidError, ConflictError (`EMAIL_TAKEN`)."""
        kept = enforce_signup(request, self._profiles)
        password_hash = self._passwords.hash(kept.password)
        user = self._users.add(kept.email, kept.nickname, password_hash, language=kept.language)
        log_security(SecurityEvent.SIGNED_UP, user_id=user.id)
        return UserAnswer(user)

    def log_in(self, request: Login, client: Client, origin: LoginOrigin = EXEMPT) -> SignedIn:
        """Open a session.

        Raise UnauthenticatedError (`BAD_CREDENTIALS`), which takes as long whether or not the
        account exists, ForbiddenError when a banned user has the right password, and
        RateLimitedError after too many wrong passwords.
        """
        account = self._users.by_email(request.email)
        subject = _subject(request.email, account)
        with self._backoff.attempt(subject, origin):
            user, password = self._verified(request.password, account)
        password_hash = self._upgraded(user, password, subject.password_hash or "")
        signed_in = self.begin_session(user, client, password_hash=password_hash)
        subject = replace(subject, password_hash=password_hash)
        device_token = self._backoff.device_token(subject, origin.device_token)
        return replace(signed_in, device_token=device_token)

    def begin_session(
        self, user: User, client: Client, *, password_hash: str | None = None
    ) -> SignedIn:
        """Open a session for a user who has been authenticated, by the password of this hash or by
        a provider.

        Raise ForbiddenError for a banned user, UnauthenticatedError when the account has changed
        since it was read, and BusyError.
        """
        if user.status == "banned":
            log_security(SecurityEvent.LOG_IN_FAILED, user_id=user.id)
            raise ForbiddenError(detail="this account is banned")
        session_id, secret = secrets.token_hex(SESSION_BYTES), secrets.token_urlsafe(SECRET_BYTES)
        self._sessions.open(session_id, user.id, token_hash=_digest(secret), client=client)
        # Whoever changed it since ended the sessions that there were, which was not this one.
        if not self._is_unchanged(user, password_hash):
            self._sessions.end(session_id)
            raise UnauthenticatedError(detail="the account has just been changed")
        log_security(SecurityEvent.LOGGED_IN, user_id=user.id)
        return self._signed_in(user, session_id, secret)

    def refresh(self, refresh_token: str, client: Client) -> SignedIn:
        """Rotate the refresh token. Raise UnauthenticatedError; `TOKEN_REUSED` has revoked the
        family.

        The token is rotated last: after BusyError the same token may be sent again at any time.
        """
        session_id, _, old = refresh_token.partition(".")
        account = self._users.by_id(self._sessions.owner(session_id))
        if account is None or account.user.status == "banned":
            self._sessions.end(session_id)
            raise UnauthenticatedError(detail="no such user any more")
        user = account.user
        successors = [_successor(key, session_id, old) for key in self._refresh_keys]
        try:
            valid = self._sessions.rotate(
                session_id,
                user.id,
                token_hash=_digest(old),
                successors=[_digest(secret) for secret in successors],
                client=client,
            )
        except UnauthenticatedError as error:
            if error.code == "TOKEN_REUSED":
                log_security(SecurityEvent.TOKEN_REUSED, user_id=user.id)
            raise
        return self._signed_in(user, session_id, successors[valid])

    def log_out(self, identity: Identity) -> None:
        """End the session, with its refresh-token family and its access tokens."""
        self._sessions.end(identity.session_id)

    def log_out_by_refresh_token(self, refresh_token: str) -> None:
        """End the session that the token names; do nothing when it names none.

        A session that has ended is ended again: its gateways may have missed the first message.
        """
        session_id, _, _ = refresh_token.partition(".")
        if SESSION_ID.fullmatch(session_id):
            self._sessions.end(session_id)

    def me(self, identity: Identity) -> UserAnswer:
        """Return the signed-in user. Raise UnauthenticatedError when the user no longer exists."""
        account = self._users.by_id(identity.user_id)
        if account is None:
            raise UnauthenticatedError(detail="no such user any more")
        return UserAnswer(account.user)

    def authenticate(self, token: str) -> Identity:
        """Return the identity in the token. Raise UnauthenticatedError when the token is invalid or
        its session has ended."""
        identity = self._access.read(token)
        try:
            alive = self._sessions.exists(identity.session_id)
        except BusyError:
            return identity
        if not alive:
            raise UnauthenticatedError(detail="the session has ended")
        return identity

    def _verified(self, typed: str, account: Account | None) -> tuple[User, str]:
        """Return the account's user and the password in the form that was hashed.

        Raise UnauthenticatedError when the password is wrong; takes as long when there is no
        account, or none with a password.
        """
        password_hash = account.password_hash if account else None
        password = matching_form(typed, password_hash, self._passwords, self._profiles)
        if password is None or account is None:
            # Whose account it was tried on, if anybody's; what was typed is told to nobody.
            user_id = account.user.id if account else None
            log_security(SecurityEvent.LOG_IN_FAILED, user_id=user_id)
            raise UnauthenticatedError("BAD_CREDENTIALS", "wrong e-mail or password")
        return account.user, password

    def _upgraded(self, user: User, password: str, password_hash: str) -> str:
        """Replace a hash whose parameters are outdated; return the stored hash.

        The log-in goes on with the old hash when the hashing queue is full.
        """
        if not self._passwords.is_outdated(password_hash):
            return password_hash
        try:
            new = self._passwords.hash(password)
            if self._users.replace_hash(user.id, new, before=password_hash):
                return new
            stored = self._users.by_id(user.id)
            if stored and self._passwords.matches(password, stored.password_hash):
                return stored.password_hash or ""  # another log-in was quicker
        except BusyError:
            pass
        return password_hash

    def _is_unchanged(self, user: User, password_hash: str | None) -> bool:
        """Whether nothing has happened to it that ends all sessions."""
        now = self._users.by_id(user.id)
        if now is None or (now.user.role, now.user.status) != (user.role, user.status):
            return False
        return password_hash is None or now.password_hash == password_hash

    def _signed_in(self, user: User, session_id: str, secret: str) -> SignedIn:
        token = self._access.issue(user, session_id)
        answer = Tokens(token, self._limits.access_token_s, user)
        return SignedIn(answer, f"{session_id}.{secret}")


def is_password(
    typed: str, password_hash: str | None, passwords: Passwords, profiles: Profiles
) -> bool:
    """Return whether the password matches this hash; False when there is none, after the same
    time."""
    return matching_form(typed, password_hash, passwords, profiles) is not None


def matching_form(
    typed: str, password_hash: str | None, passwords: Passwords, profiles: Profiles
) -> str | None:
    """Return the form of the typed password that matches this hash; None when there is none."""
    forms = profiles.typed_forms(typed)
    return next((form for form in forms if passwords.matches(form, password_hash)), None)


def refuse_suspended(identity: Identity) -> None:
    """Raise ForbiddenError for a suspended user, who may read but not bid, sell or chat."""
    if identity.is_suspended:
        raise ForbiddenError(detail="this account is suspended")


def _successor(key: bytes, session_id: str, secret: str) -> str:
    message = f"refresh:{session_id}.{secret}".encode()
    digest = hmac.digest(key, message, "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _subject(email: str, account: Account | None) -> Subject:
    if account is None:
        return Subject(None, email, None)
    return Subject(account.user.id, email, account.password_hash)


def _digest(secret: str) -> str:
    # Random of 256 bits: a plain hash is enough, there is nothing to guess.
    return hashlib.sha256(secret.encode()).hexdigest()
