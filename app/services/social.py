"""Log-in by Google, Kakao and Naver: whose account an identity opens, linking and unlinking.

An identity is a provider and its subject, the name that the provider gives one person for ever. It
opens the one account that it is linked to. An e-mail address opens nothing: where a provider names
that of an account, the person first logs in to that account.
"""

import hmac
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from app.domain.errors import ConflictError, ForbiddenError, InvalidError, ProviderError
from app.observability.security_log import SecurityEvent, log_security
from app.protocol.resources import IdentityItem, User
from app.protocol.types import NICKNAME_MAX, Email, Nickname
from app.protocol.validation import parse
from app.services.accounts import Accounts, SignedIn
from app.services.profiles import NotInProfileError, Profiles
from app.services.sessions import Client

SECRET_BYTES = 32  # of state, nonce and verifier: RFC 7636 asks for 256 bits of the last
# The errors of a provider in a callback (RFC 6749, 4.1.2.1).
UNAVAILABLE = frozenset({"temporarily_unavailable", "server_error"})
REFUSED = "access_denied"
# Kakao's error for a user under 14 without a guardian's consent; otherwise as any refusal.
UNDER_AGE = "under age"


class Profile(Struct, frozen=True):
    """A user as a provider describes them. `email_verified`: the provider has verified the
    address."""

    provider: str
    subject: str
    nickname: str | None = None
    email: str | None = None
    email_verified: bool = False


class Flow(Struct, frozen=True):
    """A log-in begun by one browser, which its callback is compared with.

    `links`: it links the identity to the signed-in account, and signs nobody else in.
    """

    provider: str
    state: str
    nonce: str
    verifier: str
    next: str
    links: bool


class LinkOffer(Struct, frozen=True):
    """An identity that may be linked: to the account `owner_id`, or, None, to any that asks."""

    profile: Profile
    owner_id: int | None


class Callback(Struct, frozen=True):
    """What a provider's redirect brings back; anything may be missing."""

    code: str = ""
    state: str = ""
    error: str = ""
    error_description: str = ""
    iss: str | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """A code, and what must come with it."""

    code: str
    state: str
    nonce: str
    verifier: str
    redirect_uri: str


class Provider(Protocol):
    """One provider. All may ask its servers, and raise ProviderError."""

    def authorization_url(self, flow: Flow, redirect_uri: str) -> str:
        """Where the browser is sent."""
        ...

    def check_issuer(self, iss: str | None) -> None:
        """Raise ProviderError (`STATE_INVALID`) for the callback of another provider (RFC 9207)."""

    def identify(self, grant: Grant) -> Profile:
        """Who the code speaks of. Raise ProviderError, `CODE_INVALID` for a code it refuses."""
        ...


class UsedStates(Protocol):
    """Which callbacks have come already."""

    def use_once(self, state: str) -> bool:
        """Whether this state is used for the first time. Raises BusyError."""
        ...


class Identities(Protocol):
    """Stored identities. All raise BusyError when the store cannot answer."""

    def owner(self, profile: Profile) -> User | None:
        """Whose this identity is."""
        ...

    def owner_of_email(self, email: str) -> int | None:
        """Return the id of the account with this address, ignoring the case of letters."""
        ...

    def sign_up(self, profile: Profile, nickname: str) -> User:
        """A new account of this identity. Raises ConflictError, when either is taken just now."""
        ...

    def link(self, user_id: int, profile: Profile) -> None:
        """Link it. Raises ConflictError (`IDENTITY_TAKEN`): it is another account's, or the
        account has another one of this provider. Linked already is fine."""

    def unlink(self, user_id: int, provider: str, *, offered: Collection[str]) -> bool:
        """Unlink; False: there is none. Raises ConflictError (`LAST_LOGIN`) unless a password or
        another of the `offered` providers remains."""
        ...

    def of(self, user_id: int) -> list[IdentityItem]:
        """Those of an account, by provider."""
        ...


class EmailOnly(Struct, frozen=True):
    """What an address must be to be kept."""

    email: Email


class NicknameOnly(Struct, frozen=True):
    """What a nickname must be to be kept."""

    nickname: Nickname


class SocialLogIn:
    """The use-cases of log-in by a provider; `providers` are those that there is an id for."""

    def __init__(
        self,
        providers: Mapping[str, Provider],
        identities: Identities,
        *,
        used: UsedStates,
        accounts: Accounts,
        profiles: Profiles,
    ) -> None:
        self.providers = providers
        self._identities, self._used = identities, used
        self._accounts, self._profiles = accounts, profiles

    def begin(
        self, provider: str, *, next_path: str, links: bool, redirect_uri: str
    ) -> "StartedLogIn":
        """A new log-in, and where to send the browser. Raises ProviderError."""
        state, nonce, verifier = (secrets.token_urlsafe(SECRET_BYTES) for _ in range(3))
        flow = Flow(provider, state, nonce, verifier, next_path, links)
        return StartedLogIn(flow, self.providers[provider].authorization_url(flow, redirect_uri))

    def identify(self, flow: Flow, callback: Callback, redirect_uri: str) -> Profile:
        """Return the profile of the user who came back. Raise ProviderError, BusyError.

        The flow is used up in any case: a provider is called only for the state of this browser,
        and once for each state.
        """
        provider = self.providers[flow.provider]
        if not hmac.compare_digest(flow.state.encode(), callback.state.encode()):
            raise ProviderError("STATE_INVALID", "this log-in was begun elsewhere")
        if not self._used.use_once(flow.state):
            raise ProviderError("STATE_INVALID", "this log-in was finished before")
        provider.check_issuer(callback.iss)
        if callback.error or not callback.code:
            raise _refusal(callback)
        grant = Grant(callback.code, flow.state, flow.nonce, flow.verifier, redirect_uri)
        profile = provider.identify(grant)
        return replace(profile, email=_kept_email(profile))

    def enter(self, profile: Profile, client: Client) -> SignedIn | LinkOffer:
        """A session of the identity's account, which is made where there is none.

        Where its e-mail address has an account already, an offer to link it to that one. Raises
        BusyError, and what log-in raises for an account that is shut.
        """
        user = self._identities.owner(profile)
        if user is None:
            owner_id = self._identities.owner_of_email(profile.email) if profile.email else None
            if owner_id is not None:
                return LinkOffer(profile, owner_id)
            user = self._sign_up(profile)
        return self._accounts.begin_session(user, client)

    def link(self, user_id: int, offer: LinkOffer) -> list[IdentityItem]:
        """Link an identity to the account that is signed in; its identities then.

        Raises ForbiddenError when it was offered to another account, and ConflictError.
        """
        if offer.owner_id not in (None, user_id):
            raise ForbiddenError(detail="log in to the account that has this e-mail address")
        self._identities.link(user_id, offer.profile)
        log_security(
            SecurityEvent.IDENTITY_LINKED, user_id=user_id, provider=offer.profile.provider
        )
        return self._identities.of(user_id)

    def unlink(self, user_id: int, provider: str) -> bool:
        """Unlink; False: there is none. Raises ConflictError (`LAST_LOGIN`): no other way in would
        remain. A provider that is no longer offered is none."""
        is_done = self._identities.unlink(user_id, provider, offered=self.providers)
        if is_done:
            log_security(SecurityEvent.IDENTITY_UNLINKED, user_id=user_id, provider=provider)
        return is_done

    def identities(self, user_id: int) -> list[IdentityItem]:
        """Those of an account."""
        return self._identities.of(user_id)

    def _sign_up(self, profile: Profile) -> User:
        """A new account; or the one that this very identity got at the same moment."""
        try:
            user = self._identities.sign_up(profile, self._nickname(profile))
        except ConflictError:
            found = self._identities.owner(profile)
            if found is None:
                raise
            return found
        log_security(SecurityEvent.SIGNED_UP, user_id=user.id, provider=profile.provider)
        return user

    def _nickname(self, profile: Profile) -> str:
        """The provider's, where it may be kept; else one of ours."""
        try:
            nickname_given = (profile.nickname or "").strip()[:NICKNAME_MAX]
            nickname = parse({"nickname": nickname_given}, NicknameOnly).nickname
            return parse({"nickname": self._profiles.nickname(nickname)}, NicknameOnly).nickname
        except (InvalidError, NotInProfileError):
            return f"user-{secrets.randbelow(10**6):06}"


@dataclass(frozen=True, slots=True)
class StartedLogIn:
    """A flow to be kept in the browser, and the provider's page."""

    flow: Flow
    url: str


def _kept_email(profile: Profile) -> str | None:
    """The address as accounts keep it; None when there is none, or none that may be kept."""
    try:
        return parse({"email": profile.email}, EmailOnly).email
    except InvalidError:
        return None


def _refusal(callback: Callback) -> ProviderError:
    """Return the error for a provider's refusal. Its text may quote secrets, and is not shown."""
    if callback.error == REFUSED:
        if UNDER_AGE in callback.error_description.lower():
            return ProviderError("UNDER_AGE", "the provider lets nobody of this age in")
        return ProviderError("CONSENT_REFUSED", "consent was not given")
    if callback.error in UNAVAILABLE:
        return ProviderError("PROVIDER_UNAVAILABLE", "the provider cannot answer just now")
    return ProviderError("PROVIDER_ERROR", "the provider answered with an error")
