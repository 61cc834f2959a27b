"""Guests share reads, and have a connection pool of their own."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.containers import Container
from tests.integration.http.market import Market, Person, code, in_s

PUBLIC = ["/api/auctions", "/api/auctions/{id}/bids", "/api/products", "/api/products/{product}"]


@pytest.fixture
def taken(container: Container) -> Iterator[None]:
    """Every connection that guests may use is in use."""
    with ExitStack() as stack:
        for _ in range(container.settings.limits.guest_pool_connections):
            stack.enter_context(container.guest_engine.connect())
        yield


@pytest.fixture
def auction(market: Market, plain_user: Person) -> dict[str, int]:
    product = market.product(plain_user, sale_type="auction")
    made = market.made(
        "/api/auctions",
        plain_user,
        {"product_id": product["id"], "starting_price": 1_000, "ends_at": in_s(600)},
    )
    return {"id": made["id"], "product": product["id"]}


def read_as(
    client: FlaskClient, path: str, ids: dict[str, int], who: Person | None
) -> TestResponse:
    return client.get(path.format_map(ids), headers={} if who is None else who.headers)


@pytest.mark.usefixtures("taken")
@pytest.mark.parametrize("path", ["/api/auctions/{id}", *PUBLIC])
def test_guests_who_wait_too_long_get_retry_after(
    client: FlaskClient, auction: dict[str, int], path: str
) -> None:
    answer = read_as(client, path, auction, None)
    assert code(answer) == (503, "BUSY")
    assert int(answer.headers["Retry-After"]) >= 1


@pytest.mark.usefixtures("taken")
@pytest.mark.parametrize("path", ["/api/auctions/{id}", "/api/auctions", "/api/products"])
def test_guests_use_no_connection_of_signed_in_users(
    client: FlaskClient, auction: dict[str, int], plain_user: Person, path: str
) -> None:
    assert read_as(client, path, auction, plain_user).status_code == 200


def test_a_recent_read_is_shared_with_other_guests(
    client: FlaskClient, container: Container, auction: dict[str, int]
) -> None:
    path = "/api/auctions/{id}"
    container.snapshots.clear()
    first = read_as(client, path, auction, None).get_json()
    before = container.guest_engine.pool.checkedin()  # type: ignore[attr-defined]
    assert before >= 1, "it was read by a guest's connection"
    assert read_as(client, path, auction, None).get_json() == first
