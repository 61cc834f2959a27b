"""No input causes a server error: each gets its code of wire.md, and changes nothing.

The tables list the fields of a call, and which of the wrong values a field accepts.
"""

import json
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from tests.integration.http.market import Market, code, faults
from tests.integration.http.resources import Resources
from tests.numbers import nested

LONG = json.dumps("a" * 10_001)
WRONG = (
    "null", "true", "0", "-1", "1.0", "1e2", "9223372036854775808", "1e309", "-1e309", "{}", "[]",
    '""', '"1"', '"\\u0000"', '"a\\u0007b"', '"a\\u0085b"', LONG, "[[[[[[[[[[1]]]]]]]]]]",
    '{"a":{"a":{"a":null}}}', '"\\u200b"', '"\\u3164"', json.dumps("a" + "\u0301\u0323" * 16),
    "1e1000000000000000000", "9" * 5_000, f"[{{\"a\":-{'9' * 5_000}}}]",
)  # fmt: skip

ODD = tuple(raw for raw in WRONG if raw.startswith('"') and "\\" in raw)  # but short texts all


@dataclass(frozen=True, slots=True)
class Call:
    """A call with a body: its path, a valid body, and what else each field accepts."""

    method: str
    path: str
    body: dict[str, Any]
    optional: tuple[str, ...] = ()
    takes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    is_public: bool = False

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


TEXT, NULL = ('"1"',), ("null",)
AUCTION = {"product_id": 1, "starting_price": 1, "ends_at": "2099-01-01T00:00:00Z"}
CALLS = (
    Call(
        "POST", "/api/auth/signup",
        {"email": "x@y.z", "password": "a rather long one", "nickname": "N"},
        takes={"nickname": TEXT}, is_public=True,
    ),
    Call(
        "POST", "/api/auth/login", {"email": "x@y.z", "password": "0", "delivery": "body"},
        optional=("delivery",), is_public=True,
        # Any e-mail and password may be tried, whether an account could have them or not.
        takes={
            "email": ('""', '"1"'),
            "password": ('""', '"1"', *ODD),
        },
    ),
    Call(
        "POST", "/api/auth/refresh", {"refresh_token": "x"}, optional=("refresh_token",),
        takes={"refresh_token": ("null", '""', '"1"', *ODD)},
        is_public=True,
    ),
    Call(
        "POST", "/api/products",
        {"name": "n", "description": "d", "sale_type": "direct", "currency": "KRW", "price": 1},
        optional=("currency", "price"), takes={"name": TEXT, "description": ('""', '"1"')},
    ),
    Call(
        "PATCH", "/api/products/{product_id}", {"name": "n", "description": "d", "price": 1},
        optional=("name", "description", "price"),
        takes={"name": TEXT, "description": ('""', '"1"')},
    ),
    Call(
        "POST", "/api/auctions",
        {
            **AUCTION, "starts_at": "2098-12-31T00:00:00Z", "reserve_price": 1,
            "buy_now_price": 2, "soft_close": {}, "mode": "timed",
        },
        optional=("starts_at", "ends_at", "reserve_price", "buy_now_price", "soft_close", "mode"),
        takes={
            "starts_at": NULL, "ends_at": NULL, "reserve_price": NULL, "buy_now_price": NULL,
            "soft_close": NULL,
        },
    ),
    Call("PATCH", "/api/auctions/{auction_id}", {"reserve_price": 1}),
    Call(
        "POST", "/api/auctions/{auction_id}/cancel", {"reason": "r"}, optional=("reason",),
        takes={"reason": ("null", '"1"')},
    ),
    Call(
        "POST", "/api/auctions/{auction_id}/bids", {"amount": 1, "kind": "max", "confirm": False},
        optional=("kind", "confirm"), takes={"confirm": ("true",)},
        headers={"Idempotency-Key": "k"},
    ),
    Call("POST", "/api/rooms", {"type": "auction", "auction_id": 1}),
    Call("POST", "/api/me/notices/read", {"up_to": 1}),
    Call(
        "PUT", "/api/me/email", {"email": "x@y.z", "password": "0"},
        optional=("password",), takes={"password": ("null", '""', '"1"', *ODD)},
    ),
    Call(
        "POST", "/api/me/password", {"current": "0", "password": "a rather long one"},
        takes={"current": ('""', '"1"', *ODD)},
    ),
)  # fmt: skip

FIELDS = [
    pytest.param(call, name, raw, id=f"{call} {name} {raw[:30]}")
    for call in CALLS
    for name in call.body
    for raw in WRONG
    if raw not in call.takes.get(name, ())
]
NOT_OBJECTS = (
    b"", b" ", b"NaN", b"null", b"[]", b"1", b'"{}"', b"{", b"{}{}", b"{'a':1}", b'{"a":NaN}',
    b'{"a":Infinity}', b'{"a":-Infinity}', b"\xff", b'{"a":"\xff"}', b'{"a":"\xed\xa0\x80"}',
    b'{"a":"\\ud800"}', b'{"a":"\\udc00\\ud800"}', b"\xef\xbb\xbf{}", b'{"a":"\x00"}', b"\x00",
    b'{"a":0' + b"9" * 5_000 + b"}", b'{"a":' + b"9" * 5_000 + b',"b":NaN}',
    b'{"a":' + b"[" * 33 + b"]" * 33 + b"}", b"[" * 60_000,
)  # fmt: skip


@pytest.fixture(scope="module")
def resources(market: Market) -> Resources:
    return Resources.of(market)


@pytest.fixture(scope="module", autouse=True)
def nothing_changes(market: Market, resources: Resources) -> Iterator[None]:
    before = everything(market.engine), resources.log_ends()
    yield
    assert everything(market.engine) == before[0]
    assert resources.log_ends() == before[1]


def everything(engine: Engine) -> dict[str, tuple[int, str]]:
    """Every table with its count of rows and a hash of them all."""
    with engine.connect() as connection:
        names = connection.exec_driver_sql(
            "SELECT schemaname || '.' || quote_ident(relname) FROM pg_stat_user_tables ORDER BY 1"
        ).scalars()
        rows = "count(*), coalesce(md5(string_agg(t::text, ',' ORDER BY t::text)), '')"
        return {
            name: tuple(connection.exec_driver_sql(f"SELECT {rows} FROM {name} t").one())  # noqa: S608
            for name in list(names)
        }


def sent(resources: Resources, call: Call, data: bytes | dict[str, Any], **more: Any) -> Any:
    headers = {**call.headers, **more.pop("headers", {})}
    return resources.market.call(
        call.method, resources.path(call.path), resources.seller, data, headers=headers, **more
    )


@pytest.mark.parametrize(("call", "name", "raw"), FIELDS)
def test_a_wrong_value_is_named(resources: Resources, call: Call, name: str, raw: str) -> None:
    text = json.dumps({**call.body, name: "@"}).replace('"@"', raw)
    assert name in faults(sent(resources, call, text.encode()))


@pytest.mark.parametrize("call", CALLS, ids=str)
@settings(max_examples=30, deadline=None)
@given(data=st.data(), raw=nested)
def test_huge_numbers_are_invalid_values_of_their_field(
    resources: Resources, call: Call, data: st.DataObject, raw: str
) -> None:
    name = data.draw(st.sampled_from([*call.body, "unknown"]))
    text = json.dumps({**call.body, name: "@"}).replace('"@"', raw)
    assert name in faults(sent(resources, call, text.encode()))


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_a_missing_field_is_named(resources: Resources, call: Call) -> None:
    required = set(call.body) - set(call.optional)
    if required:
        assert faults(sent(resources, call, {})) == required


@pytest.mark.parametrize("call", CALLS, ids=str)
@pytest.mark.parametrize("name", ["unknown", "", "id", "__class__", "\u0000"])
def test_an_unknown_field_is_named(resources: Resources, call: Call, name: str) -> None:
    assert name in faults(sent(resources, call, {**call.body, name: 1}))


@pytest.mark.parametrize("call", CALLS, ids=str)
@pytest.mark.parametrize("data", NOT_OBJECTS, ids=lambda data: repr(data[:12]))
def test_a_body_that_is_no_object_is_malformed(
    resources: Resources, call: Call, data: bytes
) -> None:
    if data or call.path not in ("/api/auth/refresh", "/api/auctions/{auction_id}/cancel"):
        assert code(sent(resources, call, data)) == (400, "MALFORMED")


@pytest.mark.parametrize("call", CALLS, ids=str)
@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data", "application/jsonp", ""])
def test_another_content_type_is_refused(resources: Resources, call: Call, kind: str) -> None:
    answer = sent(resources, call, call.body, content_type=kind)
    assert code(answer) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_a_body_that_is_too_large_is_refused(resources: Resources, call: Call) -> None:
    assert code(sent(resources, call, b" " * 200_000)) == (413, "TOO_LARGE")


@pytest.mark.parametrize("call", [call for call in CALLS if not call.is_public], ids=str)
def test_an_unauthenticated_caller_gets_only_401(resources: Resources, call: Call) -> None:
    for data in (json.dumps(call.body).encode(), b"{", b" " * 200_000):
        answer = resources.market.call(call.method, resources.path(call.path), None, data)
        assert code(answer) == (401, "UNAUTHENTICATED")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


NUMBERS = (
    "", "0", "-1", "1.5", "true", "null", "9223372036854775808", "1e309", "NaN", "x", "\0",
    "1e1000000000000000000", "9" * 5_000,
)  # fmt: skip
LIMIT = {"limit": (*NUMBERS, "101")}
CURSORS = ("", "null", "x", "ü", "\0", "a" * 201, "e30=", "W10=", "WyJuZXdlc3QiLC0xLDFd")
SEARCHES = ("", " ", "\0", "a" * 121, "\u200b", "a\nb", "a" + "\u0301\u0323" * 16)
LISTS: dict[str, dict[str, tuple[str, ...]]] = {
    "/api/products": {
        **LIMIT, "cursor": CURSORS, "query": SEARCHES, "sale_type": ("", "x"),
        "seller_id": NUMBERS,
    },
    "/api/auctions": {
        **LIMIT, "cursor": CURSORS, "query": SEARCHES, "status": ("", "x"),
        "sort": ("", "x"),
    },
    "/api/auctions/{auction_id}/bids": {
        **LIMIT, "cursor": CURSORS, "after_seq": tuple(n for n in NUMBERS if n != "0"),
    },
    "/api/me/bids": {**LIMIT, "cursor": CURSORS},
    "/api/me/notices": {**LIMIT, "cursor": CURSORS},
    "/api/me/sessions": {**LIMIT, "cursor": CURSORS},
    "/api/rooms": {**LIMIT, "cursor": CURSORS},
    "/api/rooms/{room_id}/messages": {
        **LIMIT, "before_seq": tuple(n for n in NUMBERS if n != "0"),
        "after_seq": tuple(n for n in NUMBERS if n != "0"),
    },
}  # fmt: skip
QUERIES = [
    pytest.param(path, name, value, id=f"{path} {name}={value[:20]!r}")
    for path, names in LISTS.items()
    for name, values in {**names, "unknown": ("1",)}.items()
    for value in values
]


@pytest.mark.parametrize(("path", "name", "value"), QUERIES)
def test_a_wrong_query_is_named(resources: Resources, path: str, name: str, value: str) -> None:
    answer = resources.market.call(
        "GET", resources.path(path), resources.seller, query_string={name: value}
    )
    assert faults(answer) == {name}


@pytest.mark.parametrize("key", ["", " ", "a b", "a" * 65, "ü", "a/b", "\x7f", "k\x00", "k,k"])
def test_a_wrong_idempotency_key_is_named(resources: Resources, key: str) -> None:
    (call,) = (call for call in CALLS if call.path.endswith("/bids"))
    assert faults(sent(resources, call, call.body, headers={"Idempotency-Key": key})) == {
        "Idempotency-Key"
    }


def test_a_bid_without_a_key_is_refused(resources: Resources) -> None:
    path, body = resources.path("/api/auctions/{auction_id}/bids"), {"amount": 5_000}
    answer = resources.market.call("POST", path, resources.seller, body)
    assert faults(answer) == {"Idempotency-Key"}
    assert answer.get_json()["errors"][0]["code"] == "REQUIRED"


IDS = ("0", "-1", "9223372036854775807", "9223372036854775808", "9" * 400, "x", "1.5", "%00",
       "1%0a", "%ff", "null", "00000000-0000-0000-0000-000000000000")  # fmt: skip
ONES: tuple[tuple[str, str, Any], ...] = (
    ("GET", "/api/products/{}", None),
    ("PATCH", "/api/products/{}", {"name": "n"}),
    ("DELETE", "/api/products/{}", None),
    ("GET", "/api/auctions/{}", None),
    ("PATCH", "/api/auctions/{}", {"reserve_price": 1}),
    ("POST", "/api/auctions/{}/cancel", {}),
    ("POST", "/api/auctions/{}/bids", {"amount": 1}),
    ("GET", "/api/auctions/{}/bids", None),
    ("GET", "/api/bids/{}", None),
    ("GET", "/api/rooms/{}", None),
    ("POST", "/api/rooms/{}/join", None),
    ("POST", "/api/rooms/{}/leave", None),
    ("GET", "/api/rooms/{}/messages", None),
)


@pytest.mark.parametrize(("method", "path", "body"), ONES)
@pytest.mark.parametrize("number", IDS)
def test_a_missing_resource_is_not_found(
    resources: Resources, method: str, path: str, body: Any, number: str
) -> None:
    headers = {"Idempotency-Key": "k"}
    answer = resources.market.call(
        method, path.format(number), resources.seller, body, headers=headers
    )
    assert code(answer) == (404, "NOT_FOUND")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/api/me/", "/api/a/b/c/d"])
def test_an_unknown_path_is_not_found(market: Market, method: str, path: str) -> None:
    assert code(market.call(method, path)) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/api/auth/login", {"POST", "OPTIONS"}),
        ("PATCH", "/api/me", {"GET", "HEAD", "DELETE", "OPTIONS"}),
        ("PUT", "/api/auctions/1", {"GET", "HEAD", "PATCH", "OPTIONS"}),
        ("BREW", "/api/products", {"GET", "HEAD", "POST", "OPTIONS"}),
        ("POST", "/", {"GET", "HEAD", "OPTIONS"}),
        ("POST", "/healthz", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_another_method_is_refused_and_the_right_ones_named(
    market: Market, method: str, path: str, allowed: set[str]
) -> None:
    answer = market.call(method, path)
    assert code(answer) == (405, "METHOD_NOT_ALLOWED")
    assert set(answer.headers["Allow"].split(", ")) == allowed


@pytest.mark.parametrize("path", ["/" + "a" * 3_000, "/..%2f..%2fetc/passwd", "/%00", "/a/%ff"])
def test_any_other_path_is_the_page_or_not_found(market: Market, path: str) -> None:
    assert market.call("GET", path).status_code in (200, 404)


TIMES = (
    "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59Z", "2099-01-01",
    "2099-01-01T00:00:00", "0000-01-01T00:00:00Z", "2099-02-30T00:00:00Z", "2099-01-01T24:00:00Z",
)  # fmt: skip


@pytest.mark.parametrize("moment", TIMES)
@pytest.mark.parametrize("mode", ["timed", "live"])
@pytest.mark.parametrize("name", ["starts_at", "ends_at"])
def test_a_time_out_of_bounds_is_named(
    resources: Resources, name: str, moment: str, mode: str
) -> None:
    end = "2099-01-01T00:00:00Z"  # so that a start in year 1 of some zone, which is past, fails too
    body = {
        "product_id": resources.free_product_id,
        "starting_price": 1,
        "mode": mode,
        "ends_at": end,
    }
    answer = resources.market.call(
        "POST", "/api/auctions", resources.seller, {**body, name: moment}
    )
    assert faults(answer) & {name, "ends_at"}


BOUNDS: tuple[tuple[str, str, Any, Any], ...] = (
    ("/api/auth/signup", "email", "a" * 249 + "@b.c", "a" * 251 + "@b.c"),
    ("/api/auth/signup", "password", "0" * 10, "0" * 9),
    ("/api/auth/signup", "password", "가" * 128, "0" * 129),
    ("/api/auth/signup", "nickname", " " + "가" * 30 + " ", "a" * 31),
    ("/api/auth/signup", "password", unicodedata.normalize("NFD", "각" * 128), "가" * 129),
    ("/api/auth/login", "email", "a" * 249 + "@b.c", "a" * 251 + "@b.c"),
    ("/api/products", "name", unicodedata.normalize("NFD", "각" * 120), "a\nb"),
    ("/api/products", "description", "a\nb", "a\tb"),
    ("/api/products", "name", "가" * 120, "a" * 121),
    ("/api/products", "description", "😀" * 10_000, "a" * 10_001),
    ("/api/products", "price", 10**12, 10**12 + 1),
    ("/api/auctions/{auction_id}/cancel", "reason", "가" * 500, "a" * 501),
    ("/api/auctions/{auction_id}/bids", "amount", 10**12, 10**12 + 1),
)


@pytest.mark.parametrize(("path", "name", "most", "too_much"), BOUNDS)
def test_a_bound_is_where_it_should_be(
    resources: Resources, path: str, name: str, most: Any, too_much: Any
) -> None:
    (call,) = (call for call in CALLS if call.path == path and call.method == "POST")
    assert faults(sent(resources, call, {**call.body, name: too_much})) == {name}
    # Within its bound, and with an unknown field so that nothing is done.
    assert faults(sent(resources, call, {**call.body, name: most, "x": 1})) == {"x"}
