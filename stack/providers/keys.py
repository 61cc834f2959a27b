"""The keys by which a provider signs id tokens, and their rotation."""

import time
from typing import Any

from authlib.oidc.core.util import create_half_hash
from joserfc import jwt
from joserfc.jwk import KeyParameters, KeySet, RSAKey

BITS = 2_048
ALGORITHM = "RS256"


class SigningKeys:
    """Signs by the newest; the one before it is still shown, for tokens that are under way."""

    def __init__(self) -> None:
        self._keys: list[RSAKey] = []

    def rotate(self) -> None:
        """Sign by a new key from now on."""
        parameters: KeyParameters = {"use": "sig", "alg": ALGORITHM}
        key = RSAKey.generate_key(BITS, parameters, auto_kid=True)
        self._keys = [key, *self._keys][:2]

    def public(self) -> dict[str, Any]:
        """The document at `jwks_uri`."""
        return dict(KeySet(list(self._newest())).as_dict(private=False))

    def sign(self, claims: dict[str, Any], **header: str) -> str:
        """A token of these claims."""
        key = self._newest()[0]
        found: dict[str, Any] = {"alg": ALGORITHM, "kid": key.kid, "typ": "JWT", **header}
        return jwt.encode(found, claims, key)

    def _newest(self) -> list[RSAKey]:
        if not self._keys:  # made when first used: it takes a tenth of a second
            self.rotate()
        return self._keys


def at_hash(access_token: str) -> str:
    """The claim that ties an id token to an access token."""
    return bytes(create_half_hash(access_token, ALGORITHM)).decode()


def now_s() -> int:
    """Epoch seconds."""
    return int(time.time())
