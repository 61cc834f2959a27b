"""Nicknames and passwords as they are kept: by the profiles of PRECIS (RFC 8264)."""

from collections.abc import Callable
from typing import Protocol

from msgspec.structs import replace

from app.domain.errors import FieldFault, InvalidError
from app.protocol.resources import Signup
from app.protocol.types import NICKNAME_MAX


class NotInProfileError(ValueError):
    """A text with a character that its profile forbids; the message may be shown."""


class Profiles(Protocol):
    """PRECIS. Both raise NotInProfileError."""

    def nickname(self, text: str) -> str:
        """Return the text as RFC 8266 *Nickname* keeps it, in its own case."""
        ...

    def password(self, text: str) -> str:
        """Return the text as RFC 8265 *OpaqueString* keeps it."""
        ...


def enforce_signup(asked: Signup, profiles: Profiles) -> Signup:
    """Return the sign-up as it is kept. Raise InvalidError with every field that cannot be."""
    faults: list[FieldFault] = []
    nickname = _enforced("nickname", asked.nickname, profiles.nickname, faults)
    password = _enforced("password", asked.password, profiles.password, faults)
    if len(nickname) > NICKNAME_MAX:  # a ligature may have become many letters
        message = f"is longer than {NICKNAME_MAX} characters in the form that is kept"
        faults.append(FieldFault("nickname", "INVALID", message))
    if faults:
        raise InvalidError(faults)
    return replace(asked, nickname=nickname, password=password)


def enforce_password(password: str, profiles: Profiles) -> str:
    """Return a new password as it is kept. Raise InvalidError when it cannot be."""
    faults: list[FieldFault] = []
    kept = _enforced("password", password, profiles.password, faults)
    if faults:
        raise InvalidError(faults)
    return kept


def typed_forms(password: str, profiles: Profiles) -> list[str]:
    """Return what a typed password may be a hash of, likeliest first.

    Passwords from before the profile was followed were hashed as they were typed, also such as the
    profile forbids.
    """
    try:
        return list(dict.fromkeys([profiles.password(password), password]))
    except NotInProfileError:
        return [password]


def _enforced(name: str, text: str, enforce: Callable[[str], str], faults: list[FieldFault]) -> str:
    try:
        return enforce(text)
    except NotInProfileError as error:
        faults.append(FieldFault(name, "FORBIDDEN_CHARACTER", str(error)))
        return ""
