"""Rates per address, switched on (the local profile exempts loopback)."""

from collections.abc import Iterator
from random import randbytes

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.integration.http.applications import application, nobody_listens
from tests.integration.http.market import code

FEW = {
    "TRUST_LOOPBACK": "0",
    "SIGNUPS_PER_HOUR": "2",
    "LOGINS_PER_MINUTE": "3",
    "REQUESTS_PER_MINUTE": "5",
}
LOGIN = {"email": "nobody@example.com", "password": "0"}


@pytest.fixture(scope="module")
def limited(environment: dict[str, str]) -> Iterator[FlaskClient]:
    with application(environment, **FEW) as client:
        yield client


@pytest.fixture
def address() -> str:
    """An address that nobody else counts against."""
    return "10." + ".".join(str(byte) for byte in randbytes(3))


def asked(client: FlaskClient, address: str, path: str, body: object = None) -> TestResponse:
    method = "GET" if body is None else "POST"
    return client.open(path, method=method, json=body, environ_base={"REMOTE_ADDR": address})


@pytest.mark.parametrize(
    ("path", "body", "rate", "window_s"),
    [
        ("/api/auth/signup", {}, 2, 3_600),
        ("/api/auth/login", LOGIN, 3, 60),
        ("/api/products", None, 5, 60),
        ("/api/me", None, 5, 60),
    ],
)
def test_past_the_rate_the_answer_is_when_to_come_back(
    limited: FlaskClient, address: str, path: str, body: object, rate: int, window_s: int
) -> None:
    within = [asked(limited, address, path, body).status_code for _ in range(rate)]
    assert 429 not in within
    answer = asked(limited, address, path, body)
    assert code(answer) == (429, "RATE_LIMITED")
    assert 0 < int(answer.headers["Retry-After"]) <= window_s + 1


def test_an_address_is_counted_for_itself_and_health_never(
    limited: FlaskClient, address: str
) -> None:
    for _ in range(5):
        asked(limited, address, "/api/products")
    assert asked(limited, address, "/api/products").status_code == 429
    for _ in range(10):
        assert asked(limited, address, "/healthz").status_code == 200
    other = address.replace("10.", "11.", 1)
    assert asked(limited, other, "/api/auctions").status_code == 200


def test_without_redis_the_process_counts_for_itself(
    environment: dict[str, str], address: str
) -> None:
    with (
        nobody_listens() as gone,
        application(environment, **{**FEW, "REDIS_AUTH_URL": f"redis://{gone}/0"}) as client,
    ):
        statuses = [asked(client, address, "/api/products").status_code for _ in range(10)]
    assert statuses[0] == 200
    assert statuses[-1] == 429


def test_who_is_told_busy_may_come_back_before_the_window_of_the_rate_ends(
    environment: dict[str, str], address: str
) -> None:
    with (
        nobody_listens() as gone,
        application(
            environment, TRUST_LOOPBACK="0", DATABASE_URL=f"postgresql://{gone}/none"
        ) as client,
    ):
        answer = asked(client, address, "/api/products")
    assert code(answer) == (503, "BUSY")
    assert 1 <= int(answer.headers["Retry-After"]) <= 2
