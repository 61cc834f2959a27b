"""Reserved nicknames and common passwords are refused."""

import pytest

from app.adapters.confusables.skeleton import skeleton
from app.adapters.passwords.common import is_common
from app.adapters.precis.profiles import PrecisProfiles
from app.domain.errors import InvalidError
from app.protocol.resources import Signup
from app.services.profiles import (
    CommonPasswordError,
    Profiles,
    ReservedNicknameError,
    enforce_signup,
)

PROFILES = Profiles(PrecisProfiles(), skeleton=skeleton, is_common=is_common)


@pytest.mark.parametrize(
    "nickname",
    [
        "admin", "ADMIN", "Admin Kim", "AdminKim", "the-admin2", "a.d.m.i.n", "adm1n", "0fficial",
        "\u0430dmin", "Adm\u0456n", "\uff53\uff54\uff41\uff46\uff46", "rnoderator",
        "supp\u03bfrt", "support_7", "root", "Team",
        "관리자", "운 영 자", "운영자님", "최고관리자", "고객센터1", "시스템",
    ],
)  # fmt: skip
def test_a_nickname_that_looks_reserved_is_refused(nickname: str) -> None:
    with pytest.raises(ReservedNicknameError):
        PROFILES.nickname(nickname)


@pytest.mark.parametrize(
    "nickname",
    ["badminton", "Supporter", "Groot", "team mate", "Modern", "관리", "시스템공학도", "벤", "Soo"],
)
def test_a_nickname_that_only_contains_reserved_letters_is_free(nickname: str) -> None:
    assert PROFILES.nickname(nickname) == nickname


@pytest.mark.parametrize(
    "password",
    [
        "0123456789", "password123", "qwertyuiop", "1q2w3e4r5t", "p@ssw0rd12", "iloveyou123",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "passwordpassword", "abcabcabcabc",
    ],
)  # fmt: skip
def test_a_password_that_is_guessed_early_is_refused(password: str) -> None:
    with pytest.raises(CommonPasswordError):
        PROFILES.password(password)


@pytest.mark.parametrize(
    "password", ["correct horse battery", "비밀번호는 길어야 é", "x7#Kp!2m$Q@d"]
)
def test_a_strong_password_is_accepted(password: str) -> None:
    assert PROFILES.password(password) == password


@pytest.mark.parametrize(
    "password", ["kim.minjun@example.org", "kim.minjun", "KIM.MINJUN", "Minjun the 7th"]
)
def test_a_password_must_not_be_the_address_or_the_name(password: str) -> None:
    signup = Signup(email="kim.minjun@example.org", password=password, nickname="Minjun the 7th")
    with pytest.raises(InvalidError) as refused:
        enforce_signup(signup, PROFILES)
    assert [(fault.field, fault.code) for fault in refused.value.faults] == [
        ("password", "TOO_COMMON")
    ]


def test_an_existing_common_password_stays_valid() -> None:
    assert PROFILES.typed_forms("0123456789") == ["0123456789"]
