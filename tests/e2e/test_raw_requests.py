"""Errors below HTTP are the client's, and such a request has no effect (wire.md)."""

import time
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from stack.websocket_client import Frame
from tests.e2e.cluster import Cluster
from tests.e2e.lots import create_lot
from tests.e2e.people import Gateway, Person
from tests.e2e.raw import Answer, RawConnection, chunk, head
from tests.waiting import stretched

BODY_BYTES_MAX = 128 * 1024
HURRIED_S = 1.0  # of the gateway whose patience a test can wait for
LOGIN = b'{"email":"nobody@example.org","password":"0123456789"}'
JSON = "Content-Type: application/json"
CHUNKED = "Transfer-Encoding: chunked"


def request(gateway: Gateway, *pieces: bytes, ends: bool = False) -> Answer:
    """The answer to these bytes; with `ends` nothing follows them, and the server can see that."""
    with RawConnection.open(gateway.port) as wire:
        wire.send(*pieces)
        return (wire.end() if ends else wire).answer()


def login(*headers: str) -> bytes:
    return head("POST", "/api/auth/login", JSON, *headers)


@pytest.fixture(scope="module")
def lot(seller: Person) -> Frame:
    return create_lot(seller)


def bid_head(anna: Person, lot: Frame, *headers: str) -> bytes:
    return head(
        "POST",
        f"/api/auctions/{lot['id']}/bids",
        JSON,
        f"Authorization: Bearer {anna.token}",
        f"Idempotency-Key: {uuid4().hex}",
        *headers,
    )


def bids_of(lot: Frame, person: Person) -> list[Frame]:
    page: list[Frame] = person.call("GET", f"/api/auctions/{lot['id']}/bids")["items"]
    return page


def long_body(length: int) -> bytes:
    """A bid, blanks, and what is no JSON from byte `BODY_BYTES_MAX` on."""
    bid = b'{"amount":10000}'
    return bid + b" " * (BODY_BYTES_MAX - len(bid)) + b"g" * (length - BODY_BYTES_MAX)


@pytest.mark.parametrize("length", [BODY_BYTES_MAX + 1, 2 * BODY_BYTES_MAX, 3 * 1024 * 1024])
@pytest.mark.parametrize("way", ["declared", "one chunk", "many chunks"])
def test_a_body_over_the_limit_is_refused_and_has_no_effect(
    gateway: Gateway, anna: Person, lot: Frame, length: int, way: str
) -> None:
    body = long_body(length)
    if way == "declared":
        pieces = [bid_head(anna, lot, f"Content-Length: {length}"), body]
    elif way == "one chunk":
        pieces = [bid_head(anna, lot, CHUNKED), chunk(body), chunk(b"")]
    else:
        parts = [chunk(body[at : at + 4_096]) for at in range(0, length, 4_096)]
        pieces = [bid_head(anna, lot, CHUNKED), *parts, chunk(b"")]
    assert request(gateway, *pieces).code == (413, "TOO_LARGE")
    assert bids_of(lot, anna) == []


def test_a_body_in_more_chunks_than_it_could_need_is_too_large(gateway: Gateway) -> None:
    pieces = [login(CHUNKED), chunk(b" ") * 100_000, chunk(LOGIN), chunk(b"")]
    assert request(gateway, *pieces).code == (413, "TOO_LARGE")


def test_a_body_at_the_limit_is_read_completely(gateway: Gateway) -> None:
    body = LOGIN + b" " * (BODY_BYTES_MAX - len(LOGIN))
    halves = chunk(body[:1000]) + chunk(body[1000:])
    for request in (
        login(f"Content-Length: {len(body)}") + body,
        login(CHUNKED) + halves + chunk(b""),
        login(CHUNKED) + halves + b"0\r\nX-Trailer: 1\r\n\r\n",
        login(CHUNKED, "Expect: 100-continue") + halves + chunk(b""),
    ):
        with RawConnection.open(gateway.port) as wire:
            wire.send(request)
            answer = wire.answer()
            assert (answer.status == 100) == (b"Expect" in request)
            if answer.status == 100:
                answer = wire.answer()
            assert answer.code == (401, "BAD_CREDENTIALS")


BROKEN_CHUNKS = {
    "no number": b"zz\r\nabc\r\n0\r\n\r\n",
    "negative": b"-1\r\n\r\n0\r\n\r\n",
    "no size": b"\r\nabc\r\n0\r\n\r\n",
    "signed": b"+5\r\nabcde\r\n0\r\n\r\n",
    "0x": b"0x5\r\nabcde\r\n0\r\n\r\n",
    "no terminator": b"5\r\nabcdeX\r\n0\r\n\r\n",
    "too long a line": b"5;" + b"x" * 20_000,
    "bad extension": b'5;a="\r\nabcde\r\n0\r\n\r\n',
    "bad trailer": b"0\r\nno colon\r\n\r\n",
    "forbidden trailer": b"0\r\nHost: x\r\n\r\n",
}


@pytest.mark.parametrize("broken", BROKEN_CHUNKS.values(), ids=BROKEN_CHUNKS.keys())
@pytest.mark.parametrize("before", [b"", chunk(LOGIN)], ids=["at once", "later"])
def test_broken_chunks_are_malformed(gateway: Gateway, before: bytes, broken: bytes) -> None:
    assert request(gateway, login(CHUNKED), before, broken).code == (400, "MALFORMED")


ENDED_EARLY = {
    "body": login("Content-Length: 100") + LOGIN,
    "chunk": login(CHUNKED) + b"ff\r\n" + LOGIN,
    "no last chunk": login(CHUNKED) + chunk(LOGIN),
    "no end of trailers": login(CHUNKED) + chunk(LOGIN) + b"0\r\n",
    "size line": login(CHUNKED) + b"3",
    "head": login()[:-2],
    "request line": b"GET /api/auc",
}


@pytest.mark.parametrize("sent", ENDED_EARLY.values(), ids=ENDED_EARLY.keys())
def test_a_request_that_ends_early_is_malformed(gateway: Gateway, sent: bytes) -> None:
    assert request(gateway, sent, ends=True).code == (400, "MALFORMED")


def get(target: str, version: str = "HTTP/1.1", *headers: str) -> bytes:
    return "\r\n".join([f"GET {target} {version}", "Host: h", *headers, "", ""]).encode("latin-1")


REFUSED = {
    "a long target": (get("/" + "a" * 5_000), 414, "URI_TOO_LONG"),
    "a long header": (get("/", "HTTP/1.1", "X: " + "a" * 9_000), 431, "HEADERS_TOO_LARGE"),
    "many headers": (get("/", "HTTP/1.1", *["X: a"] * 200), 431, "HEADERS_TOO_LARGE"),
    "a large head": (get("/", "HTTP/1.1", *["X: " + "a" * 4_000] * 20), 431, "HEADERS_TOO_LARGE"),
    "no request": (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400, "MALFORMED"),
    "no version": (b"GET /\r\n\r\n", 400, "MALFORMED"),
    "a bad version": (get("/", "HTTP/x"), 400, "MALFORMED"),
    "another version": (get("/", "HTTP/2.0"), 505, "VERSION_NOT_SUPPORTED"),
    "a bad target": (get("/\x80"), 400, "MALFORMED"),
    "a bad method": (b"g\x01t / HTTP/1.1\r\nHost: h\r\n\r\n", 400, "MALFORMED"),
    "a bad name": (get("/", "HTTP/1.1", "a b: c"), 400, "MALFORMED"),
    "a bare line feed": (b"GET / HTTP/1.1\nHost: h\n\n", 400, "MALFORMED"),
    "folding": (get("/", "HTTP/1.1", "X: a", " b"), 400, "MALFORMED"),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400, "MALFORMED"),
    "two hosts": (get("/", "HTTP/1.1", "Host: i"), 400, "MALFORMED"),
    "a bad length": (get("/", "HTTP/1.1", "Content-Length: -1"), 400, "MALFORMED"),
    "two lengths": (
        get("/", "HTTP/1.1", "Content-Length: 0", "Content-Length: 0"), 400, "MALFORMED",
    ),
    "length and chunks": (
        get("/", "HTTP/1.1", "Content-Length: 5", CHUNKED), 400, "MALFORMED",
    ),
    "an unknown coding": (get("/", "HTTP/1.1", "Transfer-Encoding: br"), 501, "NOT_IMPLEMENTED"),
    "an expectation": (get("/", "HTTP/1.1", "Expect: cookies"), 417, "EXPECTATION_FAILED"),
}  # fmt: skip


@pytest.mark.parametrize(("sent", "status", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_refusals_before_routing_are_problem_documents(
    gateway: Gateway, sent: bytes, status: int, code: str
) -> None:
    with RawConnection.open(gateway.port) as wire:
        answer = wire.send(sent).answer()
        assert answer.code == (status, code)
        assert answer.headers["connection"] == "close"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert wire.is_closed()


@pytest.mark.parametrize("target", ["*", "host:443", "http://h/api/nothing", "//", "/api/%00"])
@pytest.mark.parametrize("method", ["OPTIONS", "CONNECT", "TRACE", "HEAD", "PATCH", "BREW"])
def test_no_method_or_target_causes_a_server_error(
    gateway: Gateway, method: str, target: str
) -> None:
    sent = head(method, target, "Connection: close")
    with RawConnection.open(gateway.port) as wire:
        status = wire.send(sent).sock.recv(12)
    assert b"HTTP/1.1 200" <= status < b"HTTP/1.1 500"


@pytest.fixture(scope="module")
def hurried(cluster: Cluster) -> Iterator[Gateway]:
    changes = {"REQUEST_TIMEOUT_S": str(HURRIED_S)}
    with cluster.another_gateway("gateway-hurried", **changes) as gateway:
        yield gateway


STOPPED = {
    "request line": b"GET /api/auc",
    "headers": login()[:-2],
    "body": login("Content-Length: 100") + b"{",
    "no body": login("Content-Length: 100"),
    "chunk": login(CHUNKED) + b"ff\r\n{",
    "size line": login(CHUNKED) + b"f",
    "after a chunk": login(CHUNKED) + chunk(b"{"),
    "trailers": login(CHUNKED) + chunk(LOGIN) + b"0\r\nX: y",
    "continue": login("Content-Length: 100", "Expect: 100-continue"),
}


@pytest.mark.parametrize("sent", STOPPED.values(), ids=STOPPED.keys())
def test_a_request_that_stops_half_way_is_ended_in_time(hurried: Gateway, sent: bytes) -> None:
    with RawConnection.open(hurried.port) as wire:
        answer = wire.send(sent).answer()
        if answer.status == 100:
            answer = wire.answer()
        assert answer.code == (408, "REQUEST_TIMEOUT")
        assert wire.is_closed()


TRICKLING: dict[str, tuple[bytes, Callable[[int], bytes]]] = {
    "headers": (login()[:-2], lambda n: b"X-%d: y\r\n" % n),
    "one header": (login()[:-2] + b"X: ", lambda _: b"y"),
    "body": (login("Content-Length: 1000"), lambda _: b" "),
    "chunks": (login(CHUNKED), lambda _: chunk(b" ")),
    "trailers": (login(CHUNKED) + b"0\r\n", lambda n: b"X-%d: y\r\n" % n),
}


@pytest.mark.parametrize(("begin", "more"), TRICKLING.values(), ids=TRICKLING.keys())
def test_a_request_that_trickles_is_ended_in_time_too(
    hurried: Gateway, begin: bytes, more: Callable[[int], bytes]
) -> None:
    bound_s = stretched(3 * HURRIED_S)
    begun = time.monotonic()  # before the server's clock begins, however late we are
    with RawConnection.open(hurried.port) as wire:
        wire.send(begin).trickle(more(1), every_s=HURRIED_S / 10, seconds=2 * bound_s)
        took_s = time.monotonic() - begun
        assert wire.answer().code == (408, "REQUEST_TIMEOUT")
    assert HURRIED_S * 0.9 <= took_s < bound_s


def test_an_idle_connection_is_closed_without_an_answer(hurried: Gateway) -> None:
    with RawConnection.open(hurried.port) as wire:
        assert wire.is_closed()


def test_a_connection_waits_longer_between_requests_than_for_one(hurried: Gateway) -> None:
    with RawConnection.open(hurried.port) as wire:
        for _ in range(2):
            assert wire.send(head("GET", "/healthz")).answer().status == 200
            assert not wire.trickle(b"", every_s=HURRIED_S / 4, seconds=1.5 * HURRIED_S) < HURRIED_S
        assert wire.send(head("GET", "/healthz")[:-2]).answer().code == (408, "REQUEST_TIMEOUT")


def test_requests_of_one_connection_are_answered_in_turn(gateway: Gateway) -> None:
    many = login(CHUNKED) + chunk(LOGIN) + chunk(b"") + head("GET", "/healthz") * 2
    with RawConnection.open(gateway.port) as wire:
        wire.send(many)
        assert [wire.answer().status for _ in range(3)] == [401, 200, 200]
