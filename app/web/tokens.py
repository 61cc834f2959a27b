"""The port `AccessTokens` by flask-jwt-extended: HS256 and nothing else.

A token names its issuer (`iss`, the site's address), its audience (`aud`), the key that signed it
(`kid`), the database's epoch and its session. One key signs; tokens of the others are accepted, so
that a key can be replaced while users stay signed in.
"""

import hmac
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Flask
from flask_jwt_extended import JWTManager, create_access_token, decode_token
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt.exceptions import PyJWTError

from app.domain.errors import UnauthenticatedError
from app.protocol.resources import User
from app.services.accounts import Identity
from app.settings import Settings

ALGORITHM = "HS256"
AUDIENCE = "auction-house"
KEY_ID_BYTES = 8
TOKEN_CHARACTERS_MAX = 2_000
# What its libraries raise, and the plain errors they let through: a deeply nested header, say.
UNREADABLE = (
    PyJWTError, JWTExtendedException, KeyError, ValueError, TypeError, RecursionError,
)  # fmt: skip


class JwtTokens:
    """Signs and reads access tokens, within the application context of `app`."""

    def __init__(self, app: Flask, settings: Settings, *, epoch: Callable[[], str]) -> None:
        """`epoch` returns the name of the database's epoch: a token is valid in its own. Raise
        BusyError."""
        self._app, self._epoch = app, epoch
        self._leeway_s = settings.limits.access_token_leeway_s
        keys = {key_id(key): key for key in settings.token_keys}
        self._kid = key_id(settings.secret_key)
        app.config.update(
            JWT_SECRET_KEY=settings.secret_key,
            JWT_ALGORITHM=ALGORITHM,
            JWT_DECODE_ALGORITHMS=[ALGORITHM],
            JWT_DECODE_LEEWAY=settings.limits.access_token_leeway_s,
            JWT_ACCESS_TOKEN_EXPIRES=timedelta(seconds=settings.limits.access_token_s),
            JWT_ENCODE_ISSUER=settings.base_url,
            JWT_DECODE_ISSUER=settings.base_url,
            JWT_ENCODE_AUDIENCE=AUDIENCE,
            JWT_DECODE_AUDIENCE=AUDIENCE,
        )
        # A token without `kid`, or with one that no key has, raises KeyError or TypeError.
        JWTManager(app).decode_key_loader(lambda header, _: keys[header["kid"]])

    def issue(self, user: User, session_id: str) -> str:
        """Return a token for this session."""
        claims = {
            "sid": session_id,
            "epoch": self._epoch(),
            "nickname": user.nickname,
            "role": user.role,
            "status": user.status,
        }
        with self._app.app_context():
            token: str = create_access_token(
                str(user.id), additional_claims=claims, additional_headers={"kid": self._kid}
            )
            return token

    def read(self, token: str) -> Identity:
        """Return the identity in the token. Raise UnauthenticatedError, and BusyError while the
        epoch is not known."""
        epoch = self._epoch()
        if len(token) > TOKEN_CHARACTERS_MAX:
            raise UnauthenticatedError(detail="the access token is not valid")
        try:
            with self._app.app_context():
                claims = decode_token(token)
                return _identity(claims, epoch=epoch, leeway_s=self._leeway_s)
        except UNREADABLE as error:
            raise UnauthenticatedError(detail="the access token is not valid") from error


def key_id(key: str) -> str:
    """Return the name of the key in tokens; it reveals no more of the key than a signature does."""
    return hmac.digest(key.encode(), b"kid", "sha256")[:KEY_ID_BYTES].hex()


def _identity(claims: dict[str, Any], *, epoch: str, leeway_s: int) -> Identity:
    if claims["type"] != "access":
        raise ValueError("not an access token")
    if claims["epoch"] != epoch:
        raise ValueError("issued before the database was restored")
    return Identity(
        user_id=int(claims["sub"]),
        nickname=claims["nickname"],
        role=claims["role"],
        is_suspended=claims["status"] != "active",
        session_id=claims["sid"],
        expires_at_s=float(claims["exp"]) + leeway_s,
    )
