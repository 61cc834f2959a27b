"""Cookies: that of the refresh token, and signed ones that keep a step of a log-in for minutes."""

import hashlib
from typing import TypeVar

import msgspec
from flask import request
from itsdangerous import BadData, URLSafeTimedSerializer
from msgspec import Struct
from werkzeug.http import dump_cookie

from app.domain.errors import ForbiddenError
from app.settings import Settings

S = TypeVar("S", bound=Struct)

REFRESH = "refresh_token"
DEVICE = "device"  # of a browser that an account was logged into with
AUTH_PATH = "/api/auth"


def refresh_cookie(settings: Settings, token: str) -> str:
    """The header's value that keeps a refresh token; an empty one takes the cookie away."""
    return _strict(settings, REFRESH, token, settings.limits.refresh_token_s if token else 0)


def device_cookie(settings: Settings, token: str) -> str:
    """The header's value that keeps the token by which a device is known."""
    return _strict(settings, DEVICE, token, settings.limits.device_token_s)


def _strict(settings: Settings, name: str, value: str, max_age_s: int) -> str:
    secure = "; Secure" if is_secure(settings) else ""
    return (
        f"{name}={value}; Max-Age={max_age_s}; Path={AUTH_PATH}; HttpOnly; SameSite=Strict{secure}"
    )


def given_cookie(settings: Settings, name: str) -> str | None:
    """Return a cookie that authorises an action; None when there is none.

    Raise ForbiddenError when a page of another origin makes the call: SameSite keeps other sites
    out, but not other hosts of the same site, nor old browsers.
    """
    value = request.cookies.get(name)
    origin = request.headers.get("Origin")
    if value and origin is not None and origin not in settings.origins:
        raise ForbiddenError(detail="from a page of another origin")
    return value


def is_secure(settings: Settings) -> bool:
    """Return whether the site is reached by TLS."""
    return settings.base_url.startswith("https:")


class SignedCookie:
    """A signed struct in the browser, for as long as a log-in by a provider may take.

    It cannot be forged or changed, and no script can read it. Over TLS its name begins with
    `__Host-`: no other host, not even one of the same domain, can replace it.
    """

    def __init__(self, settings: Settings, name: str) -> None:
        self._is_secure = is_secure(settings)
        self._name = f"__Host-{name}" if self._is_secure else name
        self._max_age_s = settings.limits.provider_log_in_s
        self._serializer = URLSafeTimedSerializer(
            list(reversed(settings.token_keys)),  # the last one signs
            salt=f"cookie:{name}",
            signer_kwargs={"digest_method": hashlib.sha256},
        )

    def read(self, struct: type[S]) -> S | None:
        """Return the request's cookie; None when there is none, or it is too old or not signed by
        us."""
        try:
            text = request.cookies.get(self._name, "")
            return msgspec.convert(self._serializer.loads(text, max_age=self._max_age_s), struct)
        except (BadData, msgspec.ValidationError):
            return None

    def kept(self, content: Struct) -> str:
        """Return the header value that sets the cookie. The browser also sends it when another site
        redirects here."""
        text = self._serializer.dumps(msgspec.to_builtins(content))
        return self._header(text if isinstance(text, str) else text.decode(), self._max_age_s)

    def cleared(self) -> str:
        """Return the header value that deletes it."""
        return self._header("", 0)

    def _header(self, text: str, max_age_s: int) -> str:
        return dump_cookie(
            self._name,
            text,
            max_age=max_age_s,
            path="/",
            secure=self._is_secure,
            httponly=True,
            samesite="Lax",
        )
