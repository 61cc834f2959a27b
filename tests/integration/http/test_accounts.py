"""Sign-up, log-in, refresh with rotation, log-out (wire.md)."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.integration.http.applications import application, refused_address
from tests.integration.http.market import PASSWORD, Market, Person, code

COOKIE = "refresh_token"


def refreshed(market: Market, token: str) -> TestResponse:
    return market.call("POST", "/api/auth/refresh", body={"refresh_token": token})


def test_a_user_is_shown_as_signed_up(market: Market) -> None:
    email = "Mixed.Case@Example.com"
    body = {"email": f"  {email} ", "password": PASSWORD, "nickname": " 김\u0308 "}
    answer = market.call("POST", "/api/auth/signup", body=body)
    user = answer.get_json()["user"]
    assert answer.status_code == 201
    assert (user["email"], user["role"], user["providers"]) == (email, "user", [])
    assert set(user) == {
        "id", "email", "nickname", "role", "providers", "status", "email_proved", "has_password",
    }  # fmt: skip
    again = {**body, "email": email.upper()}
    assert code(market.call("POST", "/api/auth/signup", body=again)) == (409, "EMAIL_TAKEN")
    person = market.log_in({"email": email.lower(), "password": PASSWORD})
    assert market.call("GET", "/api/me", person).get_json() == {"user": user}


def test_two_sign_ups_at_once_with_one_e_mail_make_one_account(app: Flask) -> None:
    body = {"email": "twice@example.com", "password": PASSWORD, "nickname": "T"}

    def sign_up(_: int) -> int:
        return app.test_client().post("/api/auth/signup", json=body).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(sign_up, range(4))) == [201, 409, 409, 409]


def test_wrong_password_and_unknown_e_mail_get_the_same_answer(market: Market) -> None:
    account = market.sign_up()
    wrong = {**account, "password": "another password"}
    unknown = {**account, "email": "nobody@example.com"}
    answers = [market.call("POST", "/api/auth/login", body=body) for body in (wrong, unknown)]
    assert code(answers[0]) == (401, "BAD_CREDENTIALS")
    assert answers[0].get_json() == answers[1].get_json()


def test_the_refresh_cookie_is_http_only_and_rotates(app: Flask, market: Market) -> None:
    browser, account = app.test_client(), market.sign_up()
    answer = browser.post("/api/auth/login", json=account)
    body = answer.get_json()
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 600)
    assert "refresh_token" not in body
    cookie = answer.headers["Set-Cookie"]
    for attribute in ("HttpOnly", "SameSite=Strict", "Path=/api/auth;", "Max-Age=2592000"):
        assert attribute in cookie
    first = browser.get_cookie(COOKIE, path="/api/auth")
    answer = browser.post("/api/auth/refresh")
    second = browser.get_cookie(COOKIE, path="/api/auth")
    assert answer.status_code == 200
    assert "refresh_token" not in answer.get_json()
    assert first is not None
    assert second is not None
    assert first.value != second.value


def test_the_cookie_is_secure_where_the_address_is(
    environment: dict[str, str], market: Market
) -> None:
    account = market.sign_up()
    with application(environment, BASE_URL="https://example.com") as browser:
        answer = browser.post("/api/auth/login", json=account)
    assert "; Secure" in answer.headers["Set-Cookie"]


def test_a_token_from_the_body_is_renewed_in_the_body(market: Market) -> None:
    person = market.person()
    answer = refreshed(market, person.refresh_token)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert answer.get_json()["refresh_token"] != person.refresh_token
    assert answer.get_json()["user"]["id"] == person.id


def test_another_session_of_the_same_user_stays_valid(market: Market) -> None:
    account = market.sign_up()
    one, other = market.log_in(account), market.log_in(account)
    session_id, _, secret = one.refresh_token.partition(".")
    assert code(refreshed(market, f"{session_id}.{secret[::-1]}")) == (401, "TOKEN_REUSED")
    assert market.call("GET", "/api/me", other).status_code == 200
    assert refreshed(market, other.refresh_token).status_code == 200


@pytest.mark.parametrize("token", ["", ".", "x", "x.y", "..", "\u0000", "가.나", "a" * 200])
def test_an_invalid_refresh_token_is_refused(app: Flask, market: Market, token: str) -> None:
    assert code(refreshed(market, token)) == (401, "UNAUTHENTICATED")
    browser = app.test_client()
    answer = browser.post("/api/auth/refresh", headers={"Cookie": f"{COOKIE}={token}"})
    assert code(answer) == (401, "UNAUTHENTICATED")


def test_a_secret_of_another_session_is_refused_and_ends_neither(market: Market) -> None:
    one, other = market.person(), market.person()
    forged = f"{other.refresh_token.split('.')[0]}x.{one.refresh_token.split('.')[1]}"
    assert code(refreshed(market, forged)) == (401, "UNAUTHENTICATED")
    for person in (one, other):
        assert market.call("GET", "/api/me", person).status_code == 200


def test_log_out_ends_family_token_and_cookie(market: Market) -> None:
    person = market.person()
    answer = market.call("POST", "/api/auth/logout", person)
    assert (answer.status_code, answer.get_data()) == (204, b"")
    assert f"{COOKIE}=; Max-Age=0; Path=/api/auth;" in answer.headers["Set-Cookie"]
    assert code(market.call("GET", "/api/me", person)) == (401, "UNAUTHENTICATED")
    assert code(market.call("POST", "/api/auth/logout", person)) == (401, "UNAUTHENTICATED")
    assert code(refreshed(market, person.refresh_token)) == (401, "UNAUTHENTICATED")


def test_without_redis_tokens_are_valid_and_log_in_is_refused(
    environment: dict[str, str], market: Market
) -> None:
    account = market.sign_up()
    person, ended = market.log_in(account), market.log_in(account)
    market.call("POST", "/api/auth/logout", ended)
    with (
        refused_address() as address,
        application(environment, REDIS_AUTH_URL=f"redis://{address}/0") as client,
    ):
        for known in (person, ended):
            assert client.get("/api/me", headers=known.headers).status_code == 200
        answer = client.post("/api/auth/login", json=account)
        assert code(answer) == (503, "BUSY")
        assert int(answer.headers["Retry-After"]) > 0
        body = {"refresh_token": person.refresh_token}
        assert code(client.post("/api/auth/refresh", json=body)) == (503, "BUSY")
    assert code(market.call("GET", "/api/me", ended)) == (401, "UNAUTHENTICATED")


def test_without_the_database_the_answer_is_busy(
    environment: dict[str, str], market: Market, plain_user: Person
) -> None:
    account = market.sign_up()
    with (
        refused_address() as address,
        application(environment, DATABASE_URL=f"postgresql://u:p@{address}/x") as client,
    ):
        assert code(client.get("/api/auctions")) == (503, "BUSY")
        assert code(client.get("/api/me", headers=plain_user.headers)) == (503, "BUSY")
        assert code(client.post("/api/auth/login", json=account)) == (503, "BUSY")
