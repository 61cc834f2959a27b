"""Sessions are listed and ended, passwords changed, users suspended and banned (wire.md)."""

from typing import Any

import pytest
from werkzeug.test import TestResponse

from app.protocol.channels import family_key, sessions_ended_key
from app.protocol.resources import UserChange
from tests.containers import Container
from tests.integration.http.applications import application, refused_address
from tests.integration.http.market import PASSWORD, Market, Person, code, faults

SESSIONS, USERS = "/api/me/sessions", "/api/admin/users"
NEW = "another password"


@pytest.fixture(scope="module")
def admin(market: Market, container: Container) -> Person:
    account = market.sign_up("chief")
    user_id = container.administration.find(account["email"])
    container.administration.change(user_id, UserChange(role="admin"), by="tests")
    return market.log_in(account)


def is_alive(market: Market, person: Person) -> bool:
    return market.call("GET", "/api/me", person).status_code == 200


def session_of(person: Person) -> str:
    return person.refresh_token.partition(".")[0]


def refreshed(market: Market, person: Person) -> TestResponse:
    body = {"refresh_token": person.refresh_token}
    return market.call("POST", "/api/auth/refresh", body=body)


def changed(market: Market, admin: Person, user_id: int, **change: Any) -> TestResponse:
    return market.call("PATCH", f"{USERS}/{user_id}", admin, change)


def test_sessions_are_listed_and_the_own_one_is_marked(
    market: Market, container: Container
) -> None:
    account = market.sign_up()
    # Of a user with this id in the database of other tests.
    container.user_sessions.end_all(container.administration.find(account["email"]))
    agent = {"User-Agent": "Browser\t1.0 " + "x" * 300}
    body = {**account, "delivery": "body"}
    assert market.call("POST", "/api/auth/login", body=body, headers=agent).status_code == 200
    mine = market.log_in(account)
    listed = market.items(SESSIONS, mine, limit=1)
    assert [session["current"] for session in listed] == [True, False]
    assert listed[1]["device"] == ("Browser1.0 " + "x" * 300)[:200]
    assert listed[1]["address"] == "127.0.0.1"
    assert listed[0]["last_used_at"] >= listed[1]["last_used_at"] == listed[1]["created_at"]
    assert set(listed[0]) == {
        "id", "device", "address", "created_at", "last_used_at", "current",
    }  # fmt: skip
    assert session_of(mine) not in str(listed)
    assert refreshed(market, mine).status_code == 200
    assert market.items(SESSIONS, mine)[0]["last_used_at"] > listed[0]["last_used_at"]


def test_a_user_ends_one_or_all_own_sessions_only(market: Market) -> None:
    account, other_user = market.sign_up(), market.person()
    one, other, mine = (market.log_in(account) for _ in range(3))
    (number,) = [session["id"] for session in market.items(SESSIONS, one) if session["current"]]
    ended = market.call("DELETE", f"{SESSIONS}/{number}", other_user)
    assert code(ended) == (404, "NOT_FOUND")
    assert is_alive(market, one)
    assert market.call("DELETE", f"{SESSIONS}/{number}", mine).status_code == 204
    assert [is_alive(market, person) for person in (one, other, mine)] == [False, True, True]
    assert code(refreshed(market, one)) == (401, "UNAUTHENTICATED")
    assert code(market.call("DELETE", f"{SESSIONS}/{number}", mine)) == (404, "NOT_FOUND")
    assert market.call("DELETE", SESSIONS, mine).status_code == 204
    assert [is_alive(market, person) for person in (other, mine)] == [False, True]
    assert len(market.items(SESSIONS, mine)) == 1
    assert refreshed(market, mine).status_code == 200


def test_too_many_sessions_end_the_least_recently_used(
    environment: dict[str, str], market: Market
) -> None:
    account = market.sign_up()
    oldest, used = market.log_in(account), market.log_in(account)
    assert refreshed(market, used).status_code == 200
    with application(environment, SESSIONS_PER_USER_MAX="2") as client:
        body = {**account, "delivery": "body"}
        assert client.post("/api/auth/login", json=body).status_code == 200
    assert [is_alive(market, person) for person in (oldest, used)] == [False, True]


def test_a_new_password_needs_the_old_one_and_ends_all_sessions(market: Market) -> None:
    account = market.sign_up()
    one, other = market.log_in(account), market.log_in(account)

    def change(current: str, password: str = NEW) -> TestResponse:
        body = {"current": current, "password": password}
        return market.call("POST", "/api/me/password", one, body)

    assert faults(change("wrong password")) == {"current"}
    assert faults(change(PASSWORD, "short")) == {"password"}
    assert is_alive(market, one)
    assert change(PASSWORD).status_code == 204
    assert [is_alive(market, person) for person in (one, other)] == [False, False]
    assert code(refreshed(market, other)) == (401, "UNAUTHENTICATED")
    old = market.call("POST", "/api/auth/login", body=account)
    assert code(old) == (401, "BAD_CREDENTIALS")
    assert is_alive(market, market.log_in({**account, "password": NEW}))


def test_while_redis_is_away_no_password_is_changed(
    environment: dict[str, str], market: Market
) -> None:
    account = market.sign_up()
    person = market.log_in(account)
    body = {"current": PASSWORD, "password": NEW}
    with (
        refused_address() as address,
        application(environment, REDIS_AUTH_URL=f"redis://{address}/0") as client,
    ):
        answer = client.post("/api/me/password", json=body, headers=person.headers)
        assert code(answer) == (503, "BUSY")
    assert is_alive(market, market.log_in(account))


def test_an_unlisted_session_ends_with_all_others(container: Container, market: Market) -> None:
    """As one has that was begun before sessions were listed."""
    account = market.sign_up()
    unlisted, mine = market.log_in(account), market.log_in(account)
    container.auth_redis.hdel(family_key(session_of(unlisted)), "created_ms")
    container.auth_redis.zrem(f"session:of:{mine.id}", session_of(unlisted))
    assert market.call("DELETE", SESSIONS, mine).status_code == 204
    assert container.auth_redis.exists(sessions_ended_key(mine.id))
    assert code(refreshed(market, unlisted)) == (401, "UNAUTHENTICATED")


def test_a_suspended_user_can_log_in_and_only_read(market: Market, admin: Person) -> None:
    account = market.sign_up()
    person = market.log_in(account)
    auction = market.auction(market.person())
    assert changed(market, admin, person.id, status="suspended").get_json()["status"] == "suspended"
    assert not is_alive(market, person)
    person = market.log_in(account)
    assert market.call("GET", "/api/me", person).get_json()["user"]["status"] == "suspended"
    product = {"name": "n", "description": "d", "sale_type": "auction"}
    refused = [
        ("POST", "/api/products", product),
        ("POST", f"/api/auctions/{auction['id']}/bids", {"amount": 5_000}),
        ("POST", "/api/rooms", {"type": "auction", "auction_id": auction["id"]}),
    ]
    for method, path, body in refused:
        answer = market.call(method, path, person, body, headers={"Idempotency-Key": "k"})
        assert (code(answer), answer.get_json()["detail"]) == (
            (403, "FORBIDDEN"), "this account is suspended",
        )  # fmt: skip
    assert market.call("GET", "/api/me/bids", person).status_code == 200
    assert changed(market, admin, person.id, status="active").status_code == 200
    assert market.made("/api/products", market.log_in(account), product)["is_seller"]


def test_a_banned_user_is_logged_out_and_cannot_log_in(market: Market, admin: Person) -> None:
    account = market.sign_up()
    person = market.log_in(account)
    assert changed(market, admin, person.id, status="banned").status_code == 200
    assert not is_alive(market, person)
    assert code(refreshed(market, person)) == (401, "UNAUTHENTICATED")
    answer = market.call("POST", "/api/auth/login", body=account)
    assert (code(answer), answer.get_json()["detail"]) == (
        (403, "FORBIDDEN"), "this account is banned",
    )  # fmt: skip
    wrong = market.call("POST", "/api/auth/login", body={**account, "password": NEW})
    assert code(wrong) == (401, "BAD_CREDENTIALS")


def test_admins_list_users_and_change_all_but_themselves(market: Market, admin: Person) -> None:
    person, other = market.person("Findable_7"), market.person("Findable77")
    found = market.items(USERS, admin, query="findable_7")
    assert [user["id"] for user in found] == [person.id]
    assert found[0] == {
        "id": person.id, "email": person.email, "nickname": "Findable_7", "role": "user",
        "status": "active", "email_proved": False, "created_at": found[0]["created_at"],
        "bid_limits": {},
    }  # fmt: skip
    assert changed(market, admin, person.id, role="moderator").get_json()["role"] == "moderator"
    assert not is_alive(market, person)
    moderators = market.items(USERS, admin, role="moderator", query="findable", limit=1)
    assert [user["id"] for user in moderators] == [person.id]
    assert code(changed(market, admin, admin.id, role="user")) == (403, "FORBIDDEN")
    assert code(changed(market, admin, 2**62, role="user")) == (404, "NOT_FOUND")
    assert faults(changed(market, admin, other.id, role="king")) == {"role"}
    assert faults(changed(market, admin, other.id, status=None)) == {"status"}
    assert is_alive(market, other)


def test_only_admins_see_and_change_users(market: Market, plain_user: Person) -> None:
    for method, path in (("GET", USERS), ("PATCH", f"{USERS}/{plain_user.id}")):
        body = None if method == "GET" else {"role": "admin"}
        assert code(market.call(method, path, None, body)) == (401, "UNAUTHENTICATED")
        assert code(market.call(method, path, plain_user, body)) == (403, "FORBIDDEN")
