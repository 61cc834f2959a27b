"""Refresh tokens rotate without signing users out; log-out by cookie (wire.md)."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.protocol.channels import family_key, session_key
from tests.containers import Container
from tests.integration.http.applications import application, refused_address
from tests.integration.http.market import Market, code
from tests.waiting import wait_until

COOKIE, COOKIE_PATH = "refresh_token", "/api/auth"
AT_ONCE = 50
WRONG_SECRET = "x" * 43


def refreshed(client: FlaskClient, token: str) -> TestResponse:
    return client.post("/api/auth/refresh", json={"refresh_token": token})


def successor(client: FlaskClient, token: str) -> str:
    answer = refreshed(client, token)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    new: str = answer.get_json()["refresh_token"]
    return new


def is_alive(client: FlaskClient, access_token: str) -> bool:
    headers = {"Authorization": f"Bearer {access_token}"}
    return client.get("/api/me", headers=headers).status_code == 200


def session_of(token: str) -> str:
    return token.partition(".")[0]


@contextmanager
def silent_address() -> Iterator[str]:
    """A loopback address that accepts connections and never answers, like a frozen server."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as frozen:
        yield f"127.0.0.1:{frozen.getsockname()[1]}"


def test_the_last_rotated_token_gets_the_same_successor(
    market: Market, client: FlaskClient
) -> None:
    person = market.person()
    first = person.refresh_token
    second = successor(client, first)
    assert second != first
    again = refreshed(client, first)
    assert again.get_json()["refresh_token"] == second
    assert is_alive(client, again.get_json()["access_token"])
    third = successor(client, second)
    assert len({first, second, third}) == 3
    assert successor(client, second) == third


def test_an_older_token_ends_the_family(market: Market, client: FlaskClient) -> None:
    person = market.person()
    second = successor(client, person.refresh_token)
    third = refreshed(client, second).get_json()
    assert code(refreshed(client, person.refresh_token)) == (401, "TOKEN_REUSED")
    for token in (person.refresh_token, second, third["refresh_token"]):
        assert code(refreshed(client, token)) == (401, "UNAUTHENTICATED")
    assert not is_alive(client, third["access_token"])


def test_an_unknown_secret_ends_the_family(market: Market, client: FlaskClient) -> None:
    person = market.person()
    made_up = f"{session_of(person.refresh_token)}.{WRONG_SECRET}"
    assert code(refreshed(client, made_up)) == (401, "TOKEN_REUSED")
    assert code(refreshed(client, person.refresh_token)) == (401, "UNAUTHENTICATED")


def test_the_last_rotated_token_is_valid_for_a_short_time(
    environment: dict[str, str], market: Market
) -> None:
    first = market.person().refresh_token
    with application(environment, REFRESH_REUSE_S="0.3") as client:
        second = successor(client, first)
        wait_until(lambda: refreshed(client, first).status_code == 401, what="no honour any more")
        assert code(refreshed(client, second)) == (401, "UNAUTHENTICATED")


def test_fifty_concurrent_refreshes_leave_one_family(
    app: Flask, container: Container, market: Market
) -> None:
    person = market.person()
    first = person.refresh_token

    def refresh(_: int) -> TestResponse:
        return refreshed(app.test_client(), first)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(refresh, range(AT_ONCE)))
    assert {answer.status_code for answer in answers} == {200}
    sessions = [answer.get_json() for answer in answers]
    assert {session_of(s["refresh_token"]) for s in sessions} == {session_of(first)}
    assert container.auth_redis.exists(family_key(session_of(first))) == 1
    client = app.test_client()
    for session in sessions:
        assert is_alive(client, session["access_token"])
    # The client continues with either of the two answers.
    for session in sessions:
        assert refreshed(client, session["refresh_token"]).status_code == 200


def test_a_session_lives_as_long_as_its_access_token_may_be_used(
    environment: dict[str, str], container: Container, market: Market
) -> None:
    life_s, leeway_s = 100, 50
    account = {**market.sign_up(), "delivery": "body"}
    changes = {"ACCESS_TOKEN_S": str(life_s), "ACCESS_TOKEN_LEEWAY_S": str(leeway_s)}
    with application(environment, **changes) as client:
        token = client.post("/api/auth/login", json=account).get_json()["refresh_token"]
        for each in (token, successor(client, token)):
            left_s = container.auth_redis.ttl(session_key(session_of(each)))
            assert life_s < left_s <= life_s + leeway_s


def test_a_refresh_is_busy_while_redis_is_down(
    environment: dict[str, str], market: Market, client: FlaskClient
) -> None:
    token = market.person().refresh_token
    for down in (silent_address, refused_address):
        with (
            down() as address,
            application(environment, REDIS_AUTH_URL=f"redis://{address}/0") as cut_off,
        ):
            answer = refreshed(cut_off, token)
            assert code(answer) == (503, "BUSY")
            assert int(answer.headers["Retry-After"]) > 0
    assert refreshed(client, token).status_code == 200


def test_while_the_database_is_away_nothing_is_rotated(
    environment: dict[str, str], container: Container, market: Market
) -> None:
    token = market.person().refresh_token
    family = family_key(session_of(token))
    before = container.auth_redis.hgetall(family)
    with (
        refused_address() as address,
        application(environment, DATABASE_URL=f"postgresql://u:p@{address}/x") as client,
    ):
        assert code(refreshed(client, token)) == (503, "BUSY")
    assert container.auth_redis.hgetall(family) == before


def browser_of(app: Flask, market: Market) -> tuple[FlaskClient, str, str]:
    """A browser that is signed in, its access token, and the token in its cookie."""
    browser = app.test_client()
    answer = browser.post("/api/auth/login", json=market.sign_up())
    cookie = browser.get_cookie(COOKIE, path=COOKIE_PATH)
    assert cookie is not None
    return browser, answer.get_json()["access_token"], cookie.value


def test_the_cookie_alone_logs_out(app: Flask, market: Market) -> None:
    for headers in ({}, {"Authorization": "Bearer expired.or.else"}):
        browser, access_token, token = browser_of(app, market)
        answer = browser.post("/api/auth/logout", headers=headers)
        assert (answer.status_code, answer.get_data()) == (204, b"")
        assert browser.get_cookie(COOKIE, path=COOKIE_PATH) is None
        assert not is_alive(browser, access_token)
        assert code(refreshed(browser, token)) == (401, "UNAUTHENTICATED")


def test_a_log_out_ends_the_token_s_session_and_the_cookie_s(app: Flask, market: Market) -> None:
    browser, access_token, _ = browser_of(app, market)
    other = market.person()
    assert browser.post("/api/auth/logout", headers=other.headers).status_code == 204
    assert not is_alive(browser, access_token)
    assert market.call("GET", "/api/me", other).status_code == 401


def test_logging_out_again_by_a_cookie_is_no_fault(app: Flask, market: Market) -> None:
    browser, _, token = browser_of(app, market)
    for value in (token, token, "x", "x.y", f"{'0' * 32}.{WRONG_SECRET}"):
        browser.set_cookie(COOKIE, value, path=COOKIE_PATH)
        assert browser.post("/api/auth/logout").status_code == 204
        assert browser.get_cookie(COOKIE, path=COOKIE_PATH) is None


def test_a_log_out_without_credentials_is_refused(app: Flask) -> None:
    for cookies in ({}, {"Cookie": f"{COOKIE}="}, {"Cookie": "other=1"}):
        answer = app.test_client().post("/api/auth/logout", headers=cookies)
        assert code(answer) == (401, "UNAUTHENTICATED")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_while_redis_is_away_a_log_out_is_busy(
    environment: dict[str, str], app: Flask, market: Market
) -> None:
    _, _, token = browser_of(app, market)
    with (
        refused_address() as address,
        application(environment, REDIS_AUTH_URL=f"redis://{address}/0") as client,
    ):
        client.set_cookie(COOKIE, token, path=COOKIE_PATH)
        assert code(client.post("/api/auth/logout")) == (503, "BUSY")
