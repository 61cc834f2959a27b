"""Nicknames and passwords are normalised as PRECIS defines (wire.md, Bounds)."""

import unicodedata
from typing import Any
from uuid import uuid4

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from tests.integration.http.market import Market, code, faults

PASSWORD = "비밀번호는 길어야 é"


def signed_up(market: Market, **changes: Any) -> TestResponse:
    body = {"email": f"{uuid4().hex}@example.com", "password": PASSWORD, "nickname": "n"}
    return market.call("POST", "/api/auth/signup", body={**body, **changes})


def logged_in(market: Market, email: str, password: str) -> TestResponse:
    body = {"email": email, "password": password}
    return market.call("POST", "/api/auth/login", body=body)


@pytest.mark.parametrize(
    "nickname",
    [
        "\u200b", "\u3164", "\ufeff", "\u2800", "\u202estaff", "staff\u200b", "sta\u00adff", "a\nb",
        "\u2066staff\u2069", "staff\u200e", "staff\u061c", "staff\u034f", "staff\U000e0041",
        "staff\ufe0f", "a\u2028b", "\ud55c\u3164", "\u115fstaff", "staff\uffff", "\ufdfa" * 2,
    ],
)  # fmt: skip
def test_a_nickname_that_could_deceive_is_refused(market: Market, nickname: str) -> None:
    assert faults(signed_up(market, nickname=nickname)) == {"nickname"}


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Mina\u3000\u00a0 Kim ", "Mina Kim"),
        ("\uff4d\uff49\uff4e\uff41", "mina"),
        (unicodedata.normalize("NFD", "미나"), "미나"),
        ("\ufb01n", "fin"),
        ("😀", "😀"),
        ("مينا", "مينا"),
    ],
)
def test_a_nickname_is_stored_in_its_normalised_form(market: Market, typed: str, kept: str) -> None:
    answer = signed_up(market, nickname=typed)
    user = answer.get_json()["user"]
    assert user["nickname"] == kept
    tokens = logged_in(market, user["email"], PASSWORD).get_json()
    assert tokens["user"]["nickname"] == kept


@pytest.mark.parametrize("password", ["0123456789\0", "0123456789\n", "0123456789\u200b"])
def test_a_password_that_cannot_be_typed_again_is_refused(market: Market, password: str) -> None:
    assert faults(signed_up(market, password=password)) == {"password"}


def test_a_sign_up_error_names_all_wrong_fields(market: Market) -> None:
    answer = signed_up(market, nickname="staff\u200b", password="0123456789\u200b")
    assert faults(answer) == {"nickname", "password"}


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_password_is_one_however_it_is_composed(market: Market, form: Any) -> None:
    typed = unicodedata.normalize(form, PASSWORD)
    email = signed_up(market, password=typed).get_json()["user"]["email"]
    for same in (
        unicodedata.normalize("NFC", PASSWORD),
        unicodedata.normalize("NFD", PASSWORD),
        PASSWORD.replace(" ", "\u3000"),
    ):
        assert logged_in(market, email, same).status_code == 200
    for other in (PASSWORD.upper(), f" {PASSWORD}", PASSWORD + "\u200b"):
        assert code(logged_in(market, email, other)) == (401, "BAD_CREDENTIALS")


@pytest.mark.parametrize(
    "password",
    [unicodedata.normalize("NFD", PASSWORD), "wide\u3000space", "love ❤\ufe0f a\u200bb\t"],
)
def test_a_password_hashed_without_normalisation_stays_valid(market: Market, password: str) -> None:
    email = signed_up(market).get_json()["user"]["email"]
    set_hash(market.engine, email, PasswordHasher().hash(password))
    assert logged_in(market, email, password).status_code == 200
    assert code(logged_in(market, email, PASSWORD + "?")) == (401, "BAD_CREDENTIALS")


def test_an_e_mail_is_one_in_any_case_and_however_it_is_composed(market: Market) -> None:
    name = f"{uuid4().hex}é"
    assert signed_up(market, email=f"{name}@example.com").status_code == 201
    for same in (
        f"{name.upper()}@EXAMPLE.com",
        f" {unicodedata.normalize('NFD', name)}@example.com",
    ):
        assert code(signed_up(market, email=same)) == (409, "EMAIL_TAKEN")
        assert logged_in(market, same, PASSWORD).status_code == 200


def set_hash(engine: Engine, email: str, password_hash: str) -> None:
    """What a sign-up of an earlier commit has stored."""
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE users SET password_hash = %(hash)s WHERE email = %(email)s",
            {"hash": password_hash, "email": email},
        )


def test_a_too_long_password_is_refused_before_other_checks(market: Market) -> None:
    """A bound of length is checked first."""
    email = signed_up(market).get_json()["user"]["email"]
    assert faults(logged_in(market, email, "\u0301\u0323" * 2_000)) == {"password"}
    assert code(logged_in(market, email, "\u0301\u0323" * 200)) == (401, "BAD_CREDENTIALS")
