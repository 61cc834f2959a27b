"""The handshake (wire.md, WebSocket): Origin, compression, a full gateway."""

from collections.abc import Sequence
from contextlib import ExitStack

import pytest
from websocket import WebSocketBadStatusException

from tests.e2e.client import Socket, connect
from tests.e2e.conftest import Limited
from tests.e2e.people import Gateway
from tests.e2e.raw import RawConnection, head
from tests.waiting import wait_until


def refused(gateway: Gateway, *, origin: str | None) -> int:
    """The status with which a handshake is refused."""
    with pytest.raises(WebSocketBadStatusException) as refusal:
        connect(gateway.ws_url, origin=origin)
    return int(refusal.value.status_code)


def is_let_in(gateway: Gateway, *, origin: str | None, headers: Sequence[str] = ()) -> bool:
    with Socket(connect(gateway.ws_url, origin=origin, headers=headers)) as socket:
        return bool(socket.request("auth")["type"] == "welcome")


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1:80", ""]
)
def test_another_origin_is_refused(gateway: Gateway, origin: str) -> None:
    assert refused(gateway, origin=origin) == 403


def test_the_own_origin_is_accepted(gateway: Gateway) -> None:
    assert is_let_in(gateway, origin=gateway.base_url)


def test_a_missing_origin_is_accepted_if_the_setting_allows_it(
    gateway: Gateway, limited: Limited
) -> None:
    assert is_let_in(gateway, origin=None)
    assert refused(limited.strict, origin=None) == 403


def test_a_missing_origin_is_refused_even_with_authorization(limited: Limited) -> None:
    with pytest.raises(WebSocketBadStatusException) as refusal:
        connect(limited.strict.ws_url, origin=None, headers=["Authorization: Bearer x"])
    assert refusal.value.status_code == 403


def test_compression_is_not_negotiated(gateway: Gateway) -> None:
    offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
    ws = connect(gateway.ws_url, origin=gateway.base_url, headers=[offer])
    with Socket(ws) as socket:
        headers = {str(name).lower() for name in ws.getheaders() or {}}
        assert "sec-websocket-accept" in headers
        assert "sec-websocket-extensions" not in headers
        assert socket.request("auth")["type"] == "welcome"


def test_a_full_gateway_refuses_and_stays_healthy(limited: Limited) -> None:
    gateway = limited.strict
    with ExitStack() as sockets:
        for _ in range(4):
            sockets.enter_context(gateway.enter())
        assert refused(gateway, origin=gateway.base_url) == 503
        assert gateway.http.get("/healthz").status_code == 200
        assert gateway.http.get("/readyz").status_code == 200

    def has_room() -> bool:
        try:
            return is_let_in(gateway, origin=gateway.base_url)
        except WebSocketBadStatusException:
            return False

    wait_until(has_room, what="room for another")


def test_an_invalid_handshake_gets_a_client_error(gateway: Gateway) -> None:
    assert gateway.http.get("/ws").status_code == 426
    assert 400 <= gateway.http.post("/ws").status_code < 500


KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
VERSION = "Sec-WebSocket-Version: 13"
UPGRADE = ("Upgrade: websocket", "Connection: Upgrade")
MALFORMED, ANOTHER_VERSION = (400, "MALFORMED"), (426, "UPGRADE_REQUIRED")
BAD_HANDSHAKES = {
    "no key": ((*UPGRADE, VERSION), MALFORMED),
    "an empty key": ((*UPGRADE, VERSION, "Sec-WebSocket-Key:"), MALFORMED),
    "a short key": ((*UPGRADE, VERSION, "Sec-WebSocket-Key: dGhl"), MALFORMED),
    "no base64": ((*UPGRADE, VERSION, "Sec-WebSocket-Key: \xe9" + "=" * 23), MALFORMED),
    "two keys": ((*UPGRADE, VERSION, KEY, KEY), MALFORMED),
    "no version": ((*UPGRADE, KEY), ANOTHER_VERSION),
    "an old version": ((*UPGRADE, KEY, "Sec-WebSocket-Version: 8"), ANOTHER_VERSION),
    "a new version": ((*UPGRADE, KEY, "Sec-WebSocket-Version: 14"), ANOTHER_VERSION),
    "no number": ((*UPGRADE, KEY, "Sec-WebSocket-Version: x"), ANOTHER_VERSION),
    "two versions": ((*UPGRADE, KEY, VERSION, VERSION), ANOTHER_VERSION),
    "no upgrade": (("Connection: Upgrade", KEY, VERSION), ANOTHER_VERSION),
    "another upgrade": (("Upgrade: h2c", "Connection: Upgrade", KEY, VERSION), ANOTHER_VERSION),
    "no connection": (("Upgrade: websocket", KEY, VERSION), ANOTHER_VERSION),
}


@pytest.mark.parametrize(("headers", "refusal"), BAD_HANDSHAKES.values(), ids=BAD_HANDSHAKES.keys())
def test_a_bad_handshake_is_refused_with_its_reason(
    gateway: Gateway, headers: tuple[str, ...], refusal: tuple[int, str]
) -> None:
    with RawConnection.open(gateway.port) as wire:
        answer = wire.send(head("GET", "/ws", *headers)).answer()
    assert answer.code == refusal
    assert (answer.headers.get("sec-websocket-version") == "13") == (refusal == ANOTHER_VERSION)


GOOD = (*UPGRADE, KEY, VERSION)


def test_a_handshake_is_a_get_of_the_right_version_of_http(gateway: Gateway) -> None:
    for method in ("HEAD", "POST", "OPTIONS"):
        with RawConnection.open(gateway.port) as wire:
            sent = wire.send(head(method, "/ws", *GOOD, "Connection: close")).sock.recv(12)
        assert sent == b"HTTP/1.1 400", method
    with RawConnection.open(gateway.port) as wire:
        old = head("GET", "/ws", *GOOD).replace(b"HTTP/1.1", b"HTTP/1.0")
        assert wire.send(old).answer().code == MALFORMED


@pytest.mark.parametrize(
    "header",
    [
        "Transfer-Encoding: chunked\r\n\r\n0", "Sec-WebSocket-Protocol: ,,", "X: \xe9\xff",
        "Sec-WebSocket-Extensions: ;;;=", "Content-Length: 0", "Te: trailers", "Cookie: a=b",
        "Expect: 100-continue",
    ],
)  # fmt: skip
def test_unknown_headers_do_not_prevent_a_handshake(gateway: Gateway, header: str) -> None:
    with RawConnection.open(gateway.port) as wire:
        answer = wire.send(head("GET", "/ws", *GOOD, header)).answer()
    assert answer.status == 101
    assert answer.headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def test_every_refusal_of_a_handshake_is_a_problem(gateway: Gateway) -> None:
    with RawConnection.open(gateway.port) as wire:
        sent = head("GET", "/ws", *GOOD, "Origin: http://evil.example")
        assert wire.send(sent).answer().code == (403, "FORBIDDEN")
