"""Password guesses are slowed down; the owner and other users are not."""

from collections.abc import Iterator
from contextlib import suppress
from random import randbytes
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.adapters.redis.login_tries import RedisTryCounter
from app.domain.errors import BusyError
from app.services.login_backoff import LoginBackoff, LoginOrigin, Subject, Tries
from app.settings import Limits
from tests.containers import Container
from tests.integration.http.applications import application
from tests.integration.http.market import PASSWORD, Market, Person, code
from tests.waiting import wait_until

FREE = Limits().login_failures_free
# Waits that no slow machine sees the end of; no rate of an address is in the way.
PATIENT = {
    "TRUST_LOOPBACK": "0",
    "LOGIN_WAIT_FIRST_S": "600",
    "LOGINS_PER_MINUTE": "10000",
    "REQUESTS_PER_MINUTE": "10000",
}


@pytest.fixture(scope="module")
def guarded(environment: dict[str, str]) -> Iterator[FlaskClient]:
    with application(environment, **PATIENT) as client:
        yield client


@pytest.fixture
def network() -> str:
    """A /24 network of its own, as the first three numbers of an address."""
    return "10." + ".".join(str(byte) for byte in randbytes(2))


def tried(
    client: FlaskClient, account: dict[str, str], address: str, *, device: str = "", **changes: str
) -> TestResponse:
    client.set_cookie("device", device, path="/api/auth")
    return client.post(
        "/api/auth/login",
        json={**account, "delivery": "body", **changes},
        environ_base={"REMOTE_ADDR": address},
    )


def guess(client: FlaskClient, account: dict[str, str], network: str) -> list[TestResponse]:
    """As many wrong passwords as are free, each from another address."""
    wrong = {**account, "password": "a wrong password"}
    return [tried(client, wrong, f"{network}.{number + 1}") for number in range(FREE)]


def device_of(answer: TestResponse) -> str:
    (cookie,) = (cookie for cookie in answer.headers.getlist("Set-Cookie") if "device=" in cookie)
    for attribute in ("HttpOnly", "SameSite=Strict", "Path=/api/auth;"):
        assert attribute in cookie
    return cookie.partition(";")[0].removeprefix("device=")


def test_a_guessing_network_waits_and_the_owner_does_not(
    guarded: FlaskClient, market: Market, network: str
) -> None:
    account = market.sign_up()
    guesses = guess(guarded, account, network)
    assert [code(answer) for answer in guesses] == [(401, "BAD_CREDENTIALS")] * FREE
    refused = tried(guarded, account, f"{network}.99")  # though it is the right one
    assert code(refused) == (429, "RATE_LIMITED")
    assert 590 < int(refused.headers["Retry-After"]) <= 600
    other_network = network.replace("10.", "11.", 1)
    assert tried(guarded, account, f"{other_network}.1").status_code == 200
    assert tried(guarded, market.sign_up(), f"{network}.99").status_code == 200


def test_guessing_an_unknown_account_waits_with_the_same_answer(
    guarded: FlaskClient, market: Market, network: str
) -> None:
    unknown_login = {"email": f"{uuid4().hex}@example.com", "password": "a wrong password"}
    found = []
    for account in (market.sign_up(), unknown_login):
        answers = [*guess(guarded, account, network), tried(guarded, account, f"{network}.9")]
        found.append([answer.get_json() for answer in answers])
    assert found[0] == found[1]
    assert found[0][-1]["code"] == "RATE_LIMITED"


def test_a_known_browser_does_not_wait_for_its_network(
    guarded: FlaskClient, market: Market, network: str
) -> None:
    account, other = market.sign_up(), market.sign_up()
    device = device_of(tried(guarded, account, f"{network}.1"))
    foreign = device_of(tried(guarded, other, f"{network}.1"))
    guess(guarded, account, network)
    for unknown in (foreign, device + "0", f"{device.partition('.')[0]}.", "."):
        answer = tried(guarded, account, f"{network}.1", device=unknown)
        assert code(answer) == (429, "RATE_LIMITED")
    again = tried(guarded, account, f"{network}.1", device=device)
    assert again.status_code == 200
    assert device_of(again) == device
    for _ in range(FREE):  # it is no way round the waits, either
        tried(guarded, account, f"{network}.1", device=device, password="a wrong password")
    answer = tried(guarded, account, f"{network}.1", device=device)
    assert code(answer) == (429, "RATE_LIMITED")


def test_the_right_password_resets_the_failures(
    guarded: FlaskClient, market: Market, network: str
) -> None:
    account = market.sign_up()
    for _ in range(2):
        for _ in range(FREE - 1):
            tried(guarded, account, f"{network}.1", password="a wrong password")
        assert tried(guarded, account, f"{network}.1").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "field", "wrong_fields"),
    [
        ("POST", "/api/me/password", "current", {"password": "quite another horse"}),
        ("PUT", "/api/me/email", "password", {"email": "new@example.org"}),
        ("DELETE", "/api/me", "password", {}),
    ],
)
def test_a_stolen_session_guesses_the_password_as_slowly(
    guarded: FlaskClient, market: Market, network: str, method: str, path: str, field: str,
    wrong_fields: dict[str, str],
) -> None:  # fmt: skip
    thief = market.person()

    def called(who: Person, password: str) -> TestResponse:
        return guarded.open(
            path,
            method=method,
            json={**wrong_fields, field: password},
            headers=who.headers,
            environ_base={"REMOTE_ADDR": f"{network}.1"},
        )

    for _ in range(FREE):
        assert code(called(thief, "a wrong password")) == (422, "INVALID")
    assert code(called(thief, PASSWORD)) == (429, "RATE_LIMITED")
    owner = market.log_in({"email": thief.email, "password": PASSWORD})
    assert called(owner, PASSWORD).status_code in (202, 204)


@pytest.fixture
def tries(network: str) -> Tries:
    return Tries(uuid4().hex, network, is_of_network=True)


def counter(container: Container, **limits: float) -> RedisTryCounter:
    return RedisTryCounter(container.auth_redis, limits=Limits(**limits))  # type: ignore[arg-type]


def test_each_wait_is_twice_as_long_up_to_the_longest(container: Container, tries: Tries) -> None:
    short = counter(container, login_failures_free=1, login_wait_first_s=0.2, login_wait_max_s=0.7)
    for longest_s in (0.2, 0.4, 0.7, 0.7):
        wait_until(lambda: short.begin(tries) == 0.0, what="the next try is let in")
        assert longest_s / 2 < short.begin(tries) <= longest_s


def test_an_attempt_refused_as_busy_is_not_counted(container: Container, network: str) -> None:
    backoff = LoginBackoff(counter(container, login_wait_first_s=600.0), key="k")
    unknown_login, origin = Subject(None, f"{uuid4().hex}@example.com", None), LoginOrigin(network)
    for _ in range(3 * FREE):
        with suppress(BusyError), backoff.attempt(unknown_login, origin):
            raise BusyError("too many passwords to check")


def test_an_attacked_account_allows_each_network_one_attempt(
    container: Container, tries: Tries
) -> None:
    attacked = counter(container, login_failures_attacked=10, login_wait_first_s=600.0)
    for number in range(10):
        assert attacked.begin(Tries(tries.account, f"10.0.{number}", is_of_network=True)) == 0.0
    assert attacked.begin(tries) == 0.0
    assert attacked.begin(tries) > 0.0


def test_a_device_is_known_until_the_password_is_another(container: Container) -> None:
    backoff = LoginBackoff(counter(container), key="k")
    before = Subject(7, "a@example.com", "old hash")
    device = backoff.device_token(before, "")
    after = Subject(7, "a@example.com", "new hash")
    assert backoff.device_token(before, device) == device
    assert backoff.device_token(after, device).partition(".")[0] != device.partition(".")[0]
