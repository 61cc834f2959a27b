"""Codes and tokens: a code is good once, for a while, and for who asked for it."""

import secrets
from dataclasses import dataclass
from typing import Final

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from cachetools import TTLCache

from stack.providers.people import Person

CODE_S: Final = 60
TOKEN_S: Final = 3_600
ISSUED_MAX: Final = 10_000  # of codes, and of tokens


@dataclass(frozen=True, slots=True)
class Grant:
    """What somebody agreed to."""

    provider: str
    redirect_uri: str
    nonce: str | None
    challenge: str | None
    person: Person
    shares_email: bool

    @property
    def email(self) -> str | None:
        """The address, where it is given to the application."""
        return self.person.email if self.shares_email else None


class RefusedError(Exception):
    """A token request that is refused: `client`, `code`, `redirect_uri`, `verifier`, `type`."""


class Grants:
    """Those that are open."""

    def __init__(self, *, code_s: float = CODE_S) -> None:
        self._codes: TTLCache[str, Grant] = TTLCache(ISSUED_MAX, code_s)
        self._tokens: TTLCache[str, Grant] = TTLCache(ISSUED_MAX, TOKEN_S)

    def issue_code(self, grant: Grant) -> str:
        """A code for it."""
        code = secrets.token_urlsafe(32)
        self._codes[code] = grant
        return code

    def redeem(self, provider: str, code: str, *, redirect_uri: str, verifier: str) -> Grant:
        """What a code stands for; it is used up, whatever comes of it. Raises RefusedError."""
        grant = self._codes.pop(code, None)
        if grant is None or grant.provider != provider:
            raise RefusedError("code")
        if grant.redirect_uri != redirect_uri:
            raise RefusedError("redirect_uri")
        if grant.challenge is not None and grant.challenge != _challenge(verifier):
            raise RefusedError("verifier")
        return grant

    def issue_token(self, grant: Grant) -> str:
        """An access token for it."""
        token = secrets.token_urlsafe(32)
        self._tokens[token] = grant
        return token

    def of_token(self, provider: str, token: str) -> Grant | None:
        """What an access token stands for, at this provider."""
        grant = self._tokens.get(token)
        return grant if grant is not None and grant.provider == provider else None


def _challenge(verifier: str) -> str:
    return str(create_s256_code_challenge(verifier))
