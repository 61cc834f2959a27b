"""Rates per address, switched on (the local profile exempts loopback)."""

from collections.abc import Iterator
from random import randbytes

import pytest
from flask.testing import FlaskClient
from redis import Redis
from werkzeug.test import TestResponse

from tests.integration.http.applications import application, refused_address
from tests.integration.http.market import code
from tests.servers import redis_url

FEW = {
    "TRUST_LOOPBACK": "0",
    "SIGNUPS_PER_HOUR": "2",
    "LOGINS_PER_MINUTE": "3",
    "REQUESTS_PER_MINUTE": "5",
}
AUTH_DATABASE = 3  # of Redis, on the local stack
LOGIN = {"email": "nobody@example.com", "password": "0"}


@pytest.fixture(scope="module")
def limited(environment: dict[str, str]) -> Iterator[FlaskClient]:
    with application(environment, **FEW) as client:
        yield client


@pytest.fixture
def address() -> str:
    """An address that no other test uses."""
    return "10." + ".".join(str(byte) for byte in randbytes(3))


def call(
    client: FlaskClient,
    address: str,
    path: str,
    body: object = None,
    *,
    method: str | None = None,
    forwarded_for: str | None = None,
) -> TestResponse:
    headers = {} if forwarded_for is None else {"X-Forwarded-For": forwarded_for}
    return client.open(
        path, method=method or ("GET" if body is None else "POST"), json=body, headers=headers,
        environ_base={"REMOTE_ADDR": address},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("path", "body", "rate", "window_s"),
    [
        ("/api/auth/signup", {}, 2, 3_600),
        ("/api/auth/login", LOGIN, 3, 60),
        ("/api/products", None, 5, 60),
        ("/api/me", None, 5, 60),
    ],
)
def test_a_call_over_the_rate_gets_retry_after(
    limited: FlaskClient, address: str, path: str, body: object, rate: int, window_s: int
) -> None:
    within = [call(limited, address, path, body).status_code for _ in range(rate)]
    assert 429 not in within
    answer = call(limited, address, path, body)
    assert code(answer) == (429, "RATE_LIMITED")
    assert 0 < int(answer.headers["Retry-After"]) <= window_s + 1


def test_an_address_is_counted_for_itself_and_health_never(
    limited: FlaskClient, address: str
) -> None:
    for _ in range(5):
        call(limited, address, "/api/products")
    assert call(limited, address, "/api/products").status_code == 429
    for _ in range(10):
        assert call(limited, address, "/healthz").status_code == 200
    other = address.replace("10.", "11.", 1)
    assert call(limited, other, "/api/auctions").status_code == 200


def test_without_redis_the_process_counts_for_itself(
    environment: dict[str, str], address: str
) -> None:
    with (
        refused_address() as refused_url,
        application(environment, **{**FEW, "REDIS_AUTH_URL": f"redis://{refused_url}/0"}) as client,
    ):
        statuses = [call(client, address, "/api/products").status_code for _ in range(10)]
    assert statuses[0] == 200
    assert statuses[-1] == 429


def test_a_busy_answer_does_not_use_up_the_rate(environment: dict[str, str], address: str) -> None:
    with (
        refused_address() as refused_url,
        application(
            environment, TRUST_LOOPBACK="0", DATABASE_URL=f"postgresql://{refused_url}/none"
        ) as client,
    ):
        answer = call(client, address, "/api/products")
    assert code(answer) == (503, "BUSY")
    assert 1 <= int(answer.headers["Retry-After"]) <= 2


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/nothing", 404), ("GET", "/api/auctions/x", 404), ("POST", "/api", 404),
        ("DELETE", "/api/auctions", 405), ("BREW", "/api/me", 405), ("PUT", "/api/auth/login", 405),
        ("OPTIONS", "/api/products", 200),
    ],
)  # fmt: skip
def test_calls_without_a_route_count_too(
    limited: FlaskClient, address: str, method: str, path: str, status: int
) -> None:
    for _ in range(5):
        assert call(limited, address, path, method=method).status_code == status
    assert code(call(limited, address, path, method=method)) == (429, "RATE_LIMITED")


def test_all_calls_of_an_address_count_together(limited: FlaskClient, address: str) -> None:
    paths = ("/api/products", "/api/auctions", "/api/me", "/api/nothing", "/api/openapi.json")
    assert 429 not in [call(limited, address, path).status_code for path in paths]
    assert call(limited, address, "/api/rooms").status_code == 429


def counted_calls(address: str) -> int:
    """How many calls of an address Redis has counted."""
    with Redis.from_url(redis_url(AUTH_DATABASE), decode_responses=True) as redis:
        return sum(int(redis.get(key) or 0) for key in redis.keys(f"LIMITS:*/{address}/*"))


@pytest.mark.parametrize("path", ["/api/nothing", "/api/products"])
def test_calls_are_sent_to_redis_in_groups_of_ten(
    environment: dict[str, str], address: str, path: str
) -> None:
    with application(environment, TRUST_LOOPBACK="0", REQUESTS_PER_MINUTE="600") as client:
        for _ in range(25):
            assert call(client, address, path).status_code != 429
    assert counted_calls(address) == 20


def test_the_limit_of_all_calls_holds_though_counted_in_tens(
    environment: dict[str, str], address: str
) -> None:
    with application(environment, TRUST_LOOPBACK="0", REQUESTS_PER_MINUTE="600") as client:
        statuses = [call(client, address, "/api/nothing").status_code for _ in range(620)]
    assert statuses.index(429) == 609  # the tenth after six hundred
    assert set(statuses[609:]) == {429}


def test_an_address_over_its_limit_is_refused_without_redis(
    limited: FlaskClient, address: str
) -> None:
    for _ in range(6):
        call(limited, address, "/api/products")
    before = counted_calls(address)
    for path in ("/api/products", "/api/nothing", "/api/me"):
        refused = call(limited, address, path)
        assert code(refused) == (429, "RATE_LIMITED")
        assert 0 < int(refused.headers["Retry-After"]) <= 61
    assert counted_calls(address) == before


def test_only_the_call_over_its_rate_is_refused(limited: FlaskClient, address: str) -> None:
    for _ in range(4):
        call(limited, address, "/api/auth/login", LOGIN)
    before = counted_calls(address)
    for _ in range(3):
        refused = call(limited, address, "/api/auth/login", LOGIN)
        assert code(refused) == (429, "RATE_LIMITED")
        assert 0 < int(refused.headers["Retry-After"]) <= 61
    assert counted_calls(address) == before
    assert call(limited, address, "/api/products").status_code == 200


def test_an_ipv6_address_is_counted_by_its_network(limited: FlaskClient) -> None:
    network = "2001:db8:" + ":".join(f"{byte:x}" for byte in randbytes(2))
    within = [call(limited, f"{network}::{host}", "/api/products") for host in range(1, 6)]
    assert [answer.status_code for answer in within] == [200] * 5
    assert call(limited, f"{network}:9:9:9:9", "/api/products").status_code == 429
    assert call(limited, f"{network[:-1]}:1::1", "/api/products").status_code == 200


@pytest.fixture(scope="module")
def balanced(environment: dict[str, str]) -> Iterator[FlaskClient]:
    """Behind two proxies."""
    with application(environment, **{**FEW, "TRUSTED_PROXIES": "2"}) as client:
        yield client


def test_without_proxies_a_forwarded_address_is_ignored(limited: FlaskClient, address: str) -> None:
    statuses = [
        call(limited, address, "/api/products", forwarded_for=f"11.0.0.{n}").status_code
        for n in range(6)
    ]
    assert statuses == [200] * 5 + [429]


def test_behind_proxies_clients_cannot_choose_their_address(
    balanced: FlaskClient, address: str
) -> None:
    other = address.replace("10.", "11.", 1)
    for number in range(5):
        spoofed = f"12.0.0.{number}, {address}, 10.255.0.1"
        assert call(balanced, "10.0.0.1", "/api/products", forwarded_for=spoofed).status_code == 200
    for mine in (f"{address}, 10.255.0.1", f"127.0.0.1, {address}, 10.255.0.2"):
        found = call(balanced, "10.0.0.2", "/api/products", forwarded_for=mine)
        assert code(found) == (429, "RATE_LIMITED")
    found = call(balanced, "10.0.0.1", "/api/products", forwarded_for=f"{other}, 10.255.0.1")
    assert found.status_code == 200


def test_a_forged_loopback_address_is_not_exempt(environment: dict[str, str], address: str) -> None:
    changes = {**FEW, "TRUST_LOOPBACK": "1", "TRUSTED_PROXIES": "1"}
    with application(environment, **changes) as client:
        spoofed = f"127.0.0.1, {address}"
        statuses = [
            call(client, "10.0.0.1", "/api/products", forwarded_for=spoofed).status_code
            for _ in range(6)
        ]
    assert statuses == [200] * 5 + [429]
