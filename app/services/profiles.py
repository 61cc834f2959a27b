"""Rules for nicknames and passwords: the profiles of PRECIS (RFC 8264), no reserved nickname, no
common password."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from msgspec.structs import replace

from app.domain.errors import FieldFault, InvalidError
from app.protocol.resources import Signup
from app.protocol.types import NICKNAME_MAX
from app.services.reserved_nicknames import ReservedNicknames, Skeleton

IsCommon = Callable[[str, Sequence[str]], bool]
"""Whether a password is among the first that are guessed, of somebody with these other texts."""


class NotInProfileError(ValueError):
    """A text outside of the profile, with the `code` of its fault; the message may be shown."""

    code = "FORBIDDEN_CHARACTER"


class ReservedNicknameError(NotInProfileError):
    """A nickname reserved for the operators of the site."""

    code = "RESERVED"


class CommonPasswordError(NotInProfileError):
    """A password that is among the first guesses."""

    code = "TOO_COMMON"


class Precis(Protocol):
    """The profiles of PRECIS. Both methods raise NotInProfileError."""

    def nickname(self, text: str) -> str:
        """Return the text as RFC 8266 *Nickname* prepares it, in its own case."""
        ...

    def password(self, text: str) -> str:
        """Return the text as RFC 8265 *OpaqueString* prepares it."""
        ...


class Profiles:
    """What a nickname and a password must be, wherever they are set."""

    def __init__(self, precis: Precis, *, skeleton: Skeleton, is_common: IsCommon) -> None:
        self._precis, self._is_common = precis, is_common
        self._reserved = ReservedNicknames(skeleton)

    def nickname(self, text: str) -> str:
        """Return the normalised nickname. Raise NotInProfileError."""
        kept = self._precis.nickname(text)
        if kept in self._reserved:
            raise ReservedNicknameError("is kept for those who run this house")
        return kept

    def password(self, text: str, personal: Sequence[str] = ()) -> str:
        """Return the normalised new password; `personal` is what others know of its owner. Raise
        NotInProfileError."""
        kept = self._precis.password(text)
        if self._is_common(kept, personal):
            raise CommonPasswordError("is one of the first that somebody would guess")
        return kept

    def typed_forms(self, password: str) -> list[str]:
        """Return the forms of a typed password that may have been hashed, likeliest first.

        Passwords set before the profile was enforced were hashed as typed, also those the profile
        forbids.
        """
        try:
            return list(dict.fromkeys([self._precis.password(password), password]))
        except NotInProfileError:
            return [password]


def personal_texts(email: str | None, nickname: str) -> list[str]:
    """Return what others know of a user, and would try as the password first."""
    address = email or ""
    return [text for text in (address, address.partition("@")[0], nickname) if text]


def enforce_signup(request: Signup, profiles: Profiles) -> Signup:
    """Return the normalised sign-up. Raise InvalidError with every invalid field."""
    faults: list[FieldFault] = []
    nickname = _enforced("nickname", request.nickname, profiles.nickname, faults)
    personal = personal_texts(request.email, request.nickname)
    enforce = partial(profiles.password, personal=personal)
    password = _enforced("password", request.password, enforce, faults)
    if len(nickname) > NICKNAME_MAX:  # a ligature may have become many letters
        message = f"is longer than {NICKNAME_MAX} characters in the form that is kept"
        faults.append(FieldFault("nickname", "INVALID", message))
    if faults:
        raise InvalidError(faults)
    return replace(request, nickname=nickname, password=password)


def enforce_password(password: str, profiles: Profiles, personal: Sequence[str] = ()) -> str:
    """Return the normalised new password. Raise InvalidError."""
    faults: list[FieldFault] = []
    enforce = partial(profiles.password, personal=personal)
    kept = _enforced("password", password, enforce, faults)
    if faults:
        raise InvalidError(faults)
    return kept


def _enforced(name: str, text: str, enforce: Callable[[str], str], faults: list[FieldFault]) -> str:
    try:
        return enforce(text)
    except NotInProfileError as error:
        faults.append(FieldFault(name, error.code, str(error)))
        return ""
