"""OpenID Connect: discovery, keys, and id tokens (OpenID Connect Core 1.0, 3.1.3.7).

Keys are found by their `kid` and cached; an unknown one is fetched once more, so that a provider
may rotate its keys at any time. Tokens are signed by RS256 and nothing else.
"""

from collections.abc import Sequence
from typing import Any

from authlib.oidc.core import CodeIDToken
from cachetools import TTLCache
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from msgspec import Struct

from app.adapters.oauth.client import Client
from app.domain.errors import ProviderError
from app.services.social import Flow, Grant

DISCOVERY = "/.well-known/openid-configuration"
ALGORITHM = "RS256"  # both providers' only one
METADATA, KEYS = "metadata", "keys"
# What the libraries raise for tokens and keys, and the plain errors they let through.
UNREADABLE = (JoseError, KeyError, ValueError, TypeError, RecursionError, AttributeError)


class Metadata(Struct, frozen=True):
    """The fields used of the discovery document."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    authorization_response_iss_parameter_supported: bool = False


class JwkSet(Struct, frozen=True):
    """The keys at `jwks_uri` (RFC 7517)."""

    keys: list[dict[str, Any]]


class OpenId:
    """The log-in of one issuer; `issuers` are the names that its id tokens may have for it."""

    def __init__(self, client: Client, issuer: str, *, issuers: Sequence[str] = ()) -> None:
        self._client, self._issuer = client, issuer
        self._issuers = [issuer, *issuers]
        self._cache: TTLCache[str, Any] = TTLCache(2, client.limits.provider_metadata_s)

    def authorization_url(self, flow: Flow, redirect_uri: str) -> str:
        """Return the page to which the browser is sent. Raise ProviderError."""
        endpoint = self._metadata().authorization_endpoint
        return self._client.authorization_url(endpoint, flow, redirect_uri, nonce=flow.nonce)

    def check_issuer(self, iss: str | None) -> None:
        """Raise ProviderError when a callback names another issuer, or none where it must."""
        is_named = self._metadata().authorization_response_iss_parameter_supported
        if iss != self._issuer and (is_named or iss is not None):
            raise self._client.failed("issuer of another", "STATE_INVALID")

    def fetch(self, grant: Grant) -> tuple[dict[str, Any], dict[str, Any]]:
        """The token answer and the claims of its id token, validated. Raises ProviderError."""
        token = self._client.fetch_token(self._metadata().token_endpoint, grant)
        try:
            return token, self._claims(token, grant.nonce)
        except ProviderError:
            raise
        except UNREADABLE as error:
            raise self._client.failed(f"id token: {type(error).__name__}") from None

    def _claims(self, token: dict[str, Any], nonce: str) -> dict[str, Any]:
        decoded = self._decoded(token["id_token"])
        options = {
            "iss": {"essential": True, "values": self._issuers},
            "aud": {"essential": True, "value": self._client.client_id},
        }
        params = {
            "nonce": nonce,
            "client_id": self._client.client_id,
            "access_token": token["access_token"],
        }
        claims = CodeIDToken(decoded.claims, decoded.header, options, params)
        claims.validate(leeway=self._client.limits.provider_leeway_s)
        return dict(claims)

    def _decoded(self, id_token: str) -> jwt.Token:
        registry = JWSRegistry(algorithms=[ALGORITHM], strict_check_header=False)
        try:
            decoded = jwt.decode(id_token, self._keys(), registry=registry)
        except InvalidKeyIdError:
            decoded = jwt.decode(id_token, self._keys(fresh=True), registry=registry)
        if "kid" not in decoded.header:
            raise ValueError("no key is named")
        return decoded

    def _keys(self, *, fresh: bool = False) -> KeySet:
        known: KeySet | None = None if fresh else self._cache.get(KEYS)
        if known is not None:
            return known
        answer = self._client.get(self._metadata().jwks_uri)
        keys = KeySet.import_key_set({"keys": self._client.read(answer, JwkSet).keys})
        self._cache[KEYS] = keys
        return keys

    def _metadata(self) -> Metadata:
        known: Metadata | None = self._cache.get(METADATA)
        if known is not None:
            return known
        metadata = self._client.read(self._client.get(self._issuer + DISCOVERY), Metadata)
        if metadata.issuer != self._issuer or not self._is_as_safe(metadata):
            raise self._client.failed("discovery of another")
        self._cache[METADATA] = metadata
        return metadata

    def _is_as_safe(self, metadata: Metadata) -> bool:
        """Whether an issuer that is reached by TLS names only addresses that are, too."""
        named = (metadata.authorization_endpoint, metadata.token_endpoint, metadata.jwks_uri)
        is_safe = self._issuer.startswith("https:")
        return all(url.startswith("https:" if is_safe else "http") for url in named)
