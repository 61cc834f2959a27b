"""Who is let in (wire.md, WebSocket): Origin, compression, a full gateway."""

from collections.abc import Sequence
from contextlib import ExitStack

import pytest
from websocket import WebSocketBadStatusException

from tests.e2e.client import Socket, dial
from tests.e2e.conftest import Limited
from tests.e2e.people import Gateway
from tests.waiting import wait_until


def refused(gateway: Gateway, *, origin: str | None) -> int:
    """The status with which a handshake is refused."""
    with pytest.raises(WebSocketBadStatusException) as refusal:
        dial(gateway.ws_url, origin=origin)
    return int(refusal.value.status_code)


def is_let_in(gateway: Gateway, *, origin: str | None, headers: Sequence[str] = ()) -> bool:
    with Socket(dial(gateway.ws_url, origin=origin, headers=headers)) as socket:
        return bool(socket.ask("auth")["type"] == "welcome")


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1:80", ""]
)
def test_another_origin_is_refused(gateway: Gateway, origin: str) -> None:
    assert refused(gateway, origin=origin) == 403


def test_the_own_origin_is_let_in(gateway: Gateway) -> None:
    assert is_let_in(gateway, origin=gateway.base_url)


def test_no_origin_is_let_in_where_that_is_switched_on(gateway: Gateway, limited: Limited) -> None:
    assert is_let_in(gateway, origin=None)
    assert refused(limited.strict, origin=None) == 403


def test_no_origin_is_let_in_with_authorization(limited: Limited) -> None:
    assert is_let_in(limited.strict, origin=None, headers=["Authorization: Bearer x"])


def test_compression_is_not_negotiated(gateway: Gateway) -> None:
    offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
    ws = dial(gateway.ws_url, origin=gateway.base_url, headers=[offer])
    with Socket(ws) as socket:
        headers = {str(name).lower() for name in ws.getheaders() or {}}
        assert "sec-websocket-accept" in headers
        assert "sec-websocket-extensions" not in headers
        assert socket.ask("auth")["type"] == "welcome"


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


def test_what_is_no_handshake_is_a_fault_of_the_clients(gateway: Gateway) -> None:
    assert 400 <= gateway.http.get("/ws").status_code < 500
    assert 400 <= gateway.http.post("/ws").status_code < 500
