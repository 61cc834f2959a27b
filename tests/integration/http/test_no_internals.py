"""With every store down an answer says BUSY, and nothing of what is behind it."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from tests.integration.http.applications import application, nobody_listens
from tests.integration.http.market import Market, Person

PASSWORD = "hunter2-of-a-store"
INTERNALS = re.compile(
    rf"{PASSWORD}|127\.0\.0\.1|:\d{{4,5}}\b|Traceback|psycopg|sqlalchemy|redis|pymongo|kafka|errno"
    r"|\.py\b|SELECT|refused",
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


@pytest.fixture(scope="module")
def bereft(environment: dict[str, str]) -> Iterator[FlaskClient]:
    """Without any store."""
    with (
        nobody_listens() as address,
        application(
            environment,
            DATABASE_URL=f"postgresql://u:{PASSWORD}@{address}/x",
            REDIS_AUTH_URL=f"redis://u:{PASSWORD}@{address}/0",
            REDIS_FANOUT_URL=f"redis://u:{PASSWORD}@{address}/0",
            MONGODB_URL=f"mongodb://u:{PASSWORD}@{address}/x",
            KAFKA_BOOTSTRAP_SERVERS=address,
        ) as client,
    ):
        yield client


def test_an_answer_without_stores_tells_nothing_of_them(
    bereft: FlaskClient, market: Market, somebody: Person
) -> None:
    statuses = set()
    headers = {**somebody.headers, "Idempotency-Key": "k"}
    for method, path, body in CALLS:
        answer = bereft.open(path, method=method, json=body, headers=headers)
        statuses.add(answer.status_code)
        # The policy names the house's own address.
        headers_sent = [value for name, value in answer.headers if not name.endswith("-Policy")]
        said = "\n".join([answer.get_data(as_text=True), *headers_sent])
        assert INTERNALS.search(said) is None, (path, said)
        assert answer.status_code != 500, (path, said)
    assert 503 in statuses
