"""Rights per route: every route has a row here, and a route without one fails the first test.

Guests, signed-in strangers, owners and admins make every call on an owner's things, without a log,
so that nothing that is allowed is done either.
"""

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from tests.integration.http.applications import application, refused_address
from tests.integration.http.market import Market, Person
from tests.integration.http.resources import Resources

# Who may call: all; signed-in users; the owner or a member; admins. OTHERWISE is for calls that
# authenticate in another way, which have tests of their own.
ALL_ROLES, SIGNED_IN, OWNER, ADMIN, OTHERWISE = "everybody", "signed in", "owner", "admin", "other"
RIGHTS = {
    "POST /api/auth/signup": ALL_ROLES,
    "POST /api/auth/login": OTHERWISE,
    "POST /api/auth/refresh": OTHERWISE,
    "POST /api/auth/logout": OTHERWISE,
    "POST /api/auth/forgot": ALL_ROLES,
    "POST /api/auth/reset": ALL_ROLES,
    "POST /api/auth/verify": ALL_ROLES,
    "GET /api/me": SIGNED_IN,
    "DELETE /api/me": SIGNED_IN,
    "POST /api/me/verification": SIGNED_IN,
    "PUT /api/me/email": SIGNED_IN,
    "GET /api/me/bids": SIGNED_IN,
    "GET /api/me/notices": SIGNED_IN,
    "POST /api/me/notices/read": SIGNED_IN,
    "GET /api/me/identities": SIGNED_IN,
    "POST /api/me/identities": SIGNED_IN,
    "DELETE /api/me/identities/{provider}": SIGNED_IN,
    "POST /api/me/password": SIGNED_IN,
    "GET /api/me/sessions": SIGNED_IN,
    "DELETE /api/me/sessions": SIGNED_IN,
    "DELETE /api/me/sessions/{session_id}": SIGNED_IN,
    "GET /api/me/blocks": SIGNED_IN,
    "PUT /api/me/blocks/{user_id}": SIGNED_IN,
    "DELETE /api/me/blocks/{user_id}": SIGNED_IN,
    "GET /api/products": ALL_ROLES,
    "POST /api/products": SIGNED_IN,
    "GET /api/products/{product_id}": ALL_ROLES,
    "PATCH /api/products/{product_id}": OWNER,
    "DELETE /api/products/{product_id}": OWNER,
    "GET /api/auctions": ALL_ROLES,
    "POST /api/auctions": OWNER,
    "GET /api/auctions/{auction_id}": ALL_ROLES,
    "PATCH /api/auctions/{auction_id}": OWNER,
    "POST /api/auctions/{auction_id}/cancel": OWNER,
    "GET /api/auctions/{auction_id}/bids": ALL_ROLES,
    "POST /api/auctions/{auction_id}/bids": SIGNED_IN,
    "GET /api/bids/{bid_id}": SIGNED_IN,
    "GET /api/rooms": SIGNED_IN,
    "POST /api/rooms": SIGNED_IN,
    "GET /api/rooms/{room_id}": SIGNED_IN,
    "POST /api/rooms/{room_id}/join": SIGNED_IN,
    "POST /api/rooms/{room_id}/leave": SIGNED_IN,
    "GET /api/rooms/{room_id}/messages": OWNER,
    "GET /api/admin/dead-letters": ADMIN,
    "POST /api/admin/dead-letters/replay": ADMIN,
    "GET /api/admin/users": ADMIN,
    "POST /api/admin/auctions/{auction_id}/void": ADMIN,
    "PATCH /api/admin/users/{user_id}": ADMIN,
    "GET /api/openapi.json": ALL_ROLES,
    "GET /api/asyncapi.json": ALL_ROLES,
}
# Calls that are validated before ownership is checked.
IN_PATHS, NAME = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>"), r"{\1}"  # as Flask has it, and here
BODIES: dict[str, dict[str, Any]] = {
    "PATCH /api/products/{product_id}": {"name": "n"},
    "POST /api/auctions": {"starting_price": 1, "ends_at": "2099-01-01T00:00:00Z"},
    "PATCH /api/auctions/{auction_id}": {"reserve_price": 1_500},
}
# In this order, because joining and leaving a room change the user's rights.
CALLS = sorted(RIGHTS, key=lambda call: call.endswith(("/join", "/leave")))


def served(app: Flask) -> set[str]:
    """Every call under /api, as its row names it."""
    return {
        f"{method} {IN_PATHS.sub(NAME, rule.rule)}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/")
    }


def test_every_route_declares_who_may_call_it(app: Flask) -> None:
    assert served(app) == set(RIGHTS), "give the route a row in RIGHTS"


@pytest.fixture(scope="module")
def without_log(environment: dict[str, str]) -> Iterator[FlaskClient]:
    with (
        refused_address() as address,
        application(environment, KAFKA_BOOTSTRAP_SERVERS=address) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def resources(market: Market) -> Resources:
    return Resources.of(market)


@pytest.fixture(scope="module")
def people(market: Market, resources: Resources) -> dict[str, Person | None]:
    account = market.sign_up("chief")
    with market.engine.begin() as connection:
        statement = text("UPDATE users SET role = 'admin' WHERE email = :email")
        connection.execute(statement, {"email": account["email"]})
    return {
        "guest": None,
        "stranger": market.person("stranger"),
        "admin": market.log_in(account),
        "owner": resources.seller,  # the last: a thing may be gone then
    }


MAY = {
    ALL_ROLES: {"guest", "stranger", "owner", "admin"},
    SIGNED_IN: {"stranger", "owner", "admin"},
    OWNER: {"owner"},
    ADMIN: {"admin"},
}


@pytest.mark.parametrize("call", [call for call in CALLS if RIGHTS[call] != OTHERWISE])
def test_only_those_without_the_right_are_refused(
    without_log: FlaskClient, resources: Resources, people: dict[str, Person | None], call: str
) -> None:
    method, template = call.split(" ")
    others = {"user_id": resources.seller.id, "session_id": 1, "provider": "google"}
    path = template.format_map({**resources.ids, **others, "bid_id": uuid4()})
    body = {**BODIES.get(call, {})}
    if call == "POST /api/auctions":
        body["product_id"] = resources.free_product_id
    for who, person in people.items():
        headers = {} if person is None else person.headers
        sent = None if method in ("GET", "DELETE") else body
        headers = {**headers, "Idempotency-Key": "k"}
        answer = without_log.open(path, method=method, headers=headers, json=sent)
        status = answer.status_code
        if who in MAY[RIGHTS[call]]:
            assert status not in (401, 403), (who, status)
        elif person is None:
            assert status == 401, (who, status)
        else:
            assert status == 403, (who, status)
