"""No input makes the server fail: each gets the code of wire.md."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/api/auth/signup", {"email": "x@y.z", "password": "0123456789", "nickname": "N"}),
    ("POST", "/api/auth/login", {"email": "x@y.z", "password": "0123456789"}),
    ("POST", "/api/products", {"name": "n", "description": "d", "sale_type": "auction"}),
    ("POST", "/api/auctions", {"product_id": 1, "starting_price": 1}),
    ("POST", "/api/rooms", {"type": "auction", "auction_id": 1}),
    ("POST", "/api/me/notices/read", {"up_to": 1}),
]
RAW = ["{}", "true", "0", "-1", "9223372036854775808", "1e309", '"\\u0000"', "[[[]]]"]
# Any password may be tried at log-in, even one that no account can have.
FREE = ("/api/auth/login", "password", '"\\u0000"')
FIELDS = [
    (m, p, body, field, raw)
    for m, p, body in CALLS
    for field in body
    for raw in RAW
    if (p, field, raw) != FREE
]


@pytest.mark.parametrize(("method", "path", "body", "field", "raw"), FIELDS)
def test_a_wrong_value_is_named(
    client: FlaskClient, bearer: dict[str, str], method: str, path: str,
    body: dict[str, Any], field: str, raw: str,
) -> None:  # fmt: skip
    text = json.dumps({**body, field: "@"}).replace('"@"', raw)
    answer = client.open(
        path, method=method, data=text, headers=bearer, content_type="application/json"
    )
    assert answer.status_code == 422
    assert any(e["field"].split(".")[0] == field for e in answer.get_json()["errors"])


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
@pytest.mark.parametrize(
    "data", [b"", b"NaN", b"[]", b'{"a": NaN}', b"\xff", b'{"a":' + b"[" * 90 + b"]" * 90 + b"}"]
)
def test_what_is_no_object_is_malformed(
    client: FlaskClient, bearer: dict[str, str], method: str, path: str,
    body: dict[str, Any], data: bytes,
) -> None:  # fmt: skip
    answer = client.open(
        path, method=method, data=data, headers=bearer, content_type="application/json"
    )
    assert (answer.status_code, answer.get_json()["code"]) == (400, "MALFORMED")


def test_a_reused_refresh_token_ends_the_session(client: FlaskClient) -> None:
    body = {"email": "reuse@example.com", "password": "0123456789", "nickname": "R"}
    client.post("/api/auth/signup", json=body)
    login = {"email": body["email"], "password": body["password"], "delivery": "body"}
    first = client.post("/api/auth/login", json=login).get_json()
    second = client.post("/api/auth/refresh", json={"refresh_token": first["refresh_token"]})
    again = client.post("/api/auth/refresh", json={"refresh_token": first["refresh_token"]})
    assert again.get_json()["code"] == "TOKEN_REUSED"
    headers = {"Authorization": f"Bearer {second.get_json()['access_token']}"}
    assert client.get("/api/me", headers=headers).status_code == 401
