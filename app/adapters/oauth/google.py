"""Google: OpenID Connect, all that is needed being in the id token."""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from app.adapters.oauth.client import Client
from app.adapters.oauth.openid import OpenId
from app.services.social import Flow, Grant, Profile

SCOPE = "openid email profile"
SUBJECT_MAX = 255  # OpenID Connect Core 1.0, 2

Subject = Annotated[str, Meta(min_length=1, max_length=SUBJECT_MAX)]


class Claims(Struct, frozen=True):
    """The claims used of an id token."""

    sub: Subject
    email: str | None = None
    email_verified: bool = False
    name: str | None = None


class Google:
    """The port `Provider`."""

    def __init__(self, client: Client, issuer: str) -> None:
        # Google's documentation allows its name without the scheme, too.
        self._openid = OpenId(client, issuer, issuers=[issuer.removeprefix("https://")])
        self._client = client

    def authorization_url(self, flow: Flow, redirect_uri: str) -> str:
        """Return the page to which the browser is sent."""
        return self._openid.authorization_url(flow, redirect_uri)

    def check_issuer(self, iss: str | None) -> None:
        """Raise ProviderError for the callback of another provider."""
        self._openid.check_issuer(iss)

    def identify(self, grant: Grant) -> Profile:
        """Return the profile of the user who got the code."""
        _, found = self._openid.fetch(grant)
        try:
            claims = msgspec.convert(found, Claims)
        except msgspec.ValidationError:
            raise self._client.failed("claims") from None
        return Profile(
            self._client.provider,
            claims.sub,
            nickname=claims.name,
            email=claims.email,
            email_verified=claims.email_verified,
        )
