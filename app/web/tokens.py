"""The port `AccessTokens` by flask-jwt-extended: HS256 and nothing else."""

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
TOKEN_CHARACTERS_MAX = 2_000
# What its libraries raise, and the plain errors they let through: a deeply nested header, say.
UNREADABLE = (
    PyJWTError, JWTExtendedException, KeyError, ValueError, TypeError, RecursionError,
)  # fmt: skip


class JwtTokens:
    """Signs and reads access tokens, within the application context of `app`."""

    def __init__(self, app: Flask, settings: Settings, *, epoch: Callable[[], str]) -> None:
        """`epoch` names that of the database: a token is good in its own. Raises BusyError."""
        self._app, self._epoch = app, epoch
        self._leeway_s = settings.limits.access_token_leeway_s
        app.config.update(
            JWT_SECRET_KEY=settings.secret_key,
            JWT_ALGORITHM=ALGORITHM,
            JWT_DECODE_ALGORITHMS=[ALGORITHM],
            JWT_DECODE_LEEWAY=settings.limits.access_token_leeway_s,
            JWT_ACCESS_TOKEN_EXPIRES=timedelta(seconds=settings.limits.access_token_s),
        )
        JWTManager(app)

    def issue(self, user: User, session_id: str) -> str:
        """A token for this session."""
        claims = {
            "sid": session_id,
            "epoch": self._epoch(),
            "nickname": user.nickname,
            "role": user.role,
        }
        with self._app.app_context():
            token: str = create_access_token(str(user.id), additional_claims=claims)
            return token

    def read(self, token: str) -> Identity:
        """Whose it is. Raises UnauthenticatedError, and BusyError while nobody knows the epoch."""
        epoch = self._epoch()
        if len(token) > TOKEN_CHARACTERS_MAX:
            raise UnauthenticatedError(detail="the access token is not valid")
        try:
            with self._app.app_context():
                claims = decode_token(token)
                return _identity(claims, epoch=epoch, leeway_s=self._leeway_s)
        except UNREADABLE as error:
            raise UnauthenticatedError(detail="the access token is not valid") from error


def _identity(claims: dict[str, Any], *, epoch: str, leeway_s: int) -> Identity:
    if claims["type"] != "access":
        raise ValueError("not an access token")
    if claims["epoch"] != epoch:
        raise ValueError("issued before the database was restored")
    return Identity(
        user_id=int(claims["sub"]),
        nickname=claims["nickname"],
        role=claims["role"],
        session_id=claims["sid"],
        expires_at_s=float(claims["exp"]) + leeway_s,
    )
