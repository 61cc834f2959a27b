"""With every store down, answers are BUSY and name nothing internal."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.integration.http.applications import application, refused_address
from tests.integration.http.market import Market, Person, code

PASSWORD = "hunter2-of-a-store"
INTERNALS = re.compile(
    rf"{PASSWORD}|127\.0\.0\.1|:\d{{4,5}}\b|Traceback|psycopg|sqlalchemy|redis|mongo|kafka|errno"
    r"|postgres|alembic|\.py\b|SELECT|refused",
    re.IGNORECASE,
)
CALLS: tuple[tuple[str, str, Any], ...] = (
    ("GET", "/api/auctions", None), ("GET", "/api/auctions/1", None),
    ("GET", "/api/products", None),
    ("GET", "/api/products?query=a", None), ("GET", "/api/auctions/1/bids", None),
    ("GET", "/api/me", None), ("GET", "/api/me/bids", None), ("GET", "/api/me/notices", None),
    ("GET", "/api/rooms", None), ("GET", "/api/rooms/1/messages", None),
    ("GET", f"/api/bids/{uuid4()}", None), ("GET", "/api/admin/dead-letters", None),
    ("POST", "/api/auth/login", {"email": "a@b.c", "password": "x"}),
    ("POST", "/api/auth/refresh", {"refresh_token": "a.b"}),
    ("POST", "/api/auth/logout", None), ("POST", "/api/auctions/1/bids", {"amount": 1}),
    ("POST", "/api/auctions/1/cancel", {}), ("POST", "/api/products", {"name": "n"}),
)  # fmt: skip


# Calls that need the store, though all others are up; the log-in is that of a known user.
NEEDED: dict[str, tuple[str, str, Any]] = {
    "DATABASE_URL": ("GET", "/api/auctions/{auction_id}", None),
    "REDIS_AUTH_URL": ("POST", "/api/auth/login", {}),
    "MONGODB_URL": ("GET", "/api/rooms/{room_id}/messages", None),
    "KAFKA_BOOTSTRAP_SERVERS": ("POST", "/api/auctions/{auction_id}/bids", {"amount": 2_000}),
}


def nowhere(address: str) -> dict[str, str]:
    """The variables that lead to stores where none is."""
    return {
        "DATABASE_URL": f"postgresql://u:{PASSWORD}@{address}/x",
        "REDIS_AUTH_URL": f"redis://u:{PASSWORD}@{address}/0",
        "REDIS_FANOUT_URL": f"redis://u:{PASSWORD}@{address}/0",
        "MONGODB_URL": f"mongodb://u:{PASSWORD}@{address}/x",
        "KAFKA_BOOTSTRAP_SERVERS": address,
    }


@pytest.fixture(scope="module")
def client_without_stores(environment: dict[str, str]) -> Iterator[FlaskClient]:
    """Without any store."""
    with refused_address() as address, application(environment, **nowhere(address)) as client:
        yield client


def text_of(answer: TestResponse) -> str:
    """The parts of an answer that could name stores. The policy names the gateway's address."""
    headers = [value for name, value in answer.headers if not name.endswith("-Policy")]
    return "\n".join([answer.get_data(as_text=True), *headers])


def test_an_answer_without_stores_has_no_internals(
    client_without_stores: FlaskClient, market: Market, plain_user: Person
) -> None:
    statuses = set()
    headers = {**plain_user.headers, "Idempotency-Key": "k"}
    for method, path, body in CALLS:
        answer = client_without_stores.open(path, method=method, json=body, headers=headers)
        statuses.add(answer.status_code)
        assert INTERNALS.search(text_of(answer)) is None, (path, text_of(answer))
        assert answer.status_code != 500, (path, text_of(answer))
    assert 503 in statuses


@pytest.mark.parametrize("store", NEEDED)
def test_an_answer_without_one_store_has_no_internals(
    environment: dict[str, str], market: Market, store: str
) -> None:
    account = market.sign_up()
    member = market.log_in(account)
    auction_id = market.auction(market.person())["id"]
    room_id = market.made("/api/rooms", member, {"type": "auction", "auction_id": auction_id})["id"]
    market.made(f"/api/rooms/{room_id}/join", member, None)
    method, path, body = NEEDED[store]
    with (
        refused_address() as address,
        application(environment, **{store: nowhere(address)[store]}) as client,
    ):
        answer = client.open(
            path.format(auction_id=auction_id, room_id=room_id),
            method=method,
            json=account if path == "/api/auth/login" else body,
            headers={**member.headers, "Idempotency-Key": "k"},
        )
    assert code(answer) == (503, "BUSY"), text_of(answer)
    assert INTERNALS.search(text_of(answer)) is None, text_of(answer)
