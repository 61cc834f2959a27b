"""Limits per address: sockets of guests, unfinished requests, turns.

Users of this file have their own addresses in 127.0.0.0/8: only 127.0.0.1 is exempt.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.e2e.cluster import Cluster
from tests.e2e.people import Gateway, Person
from tests.e2e.raw import Answer, RawConnection, head
from tests.waiting import stretched, wait_until

ATTACKER, OTHER = "127.9.9.9", "127.8.8.8"
HALF = b"GET /healthz HTTP/1.1\r\nHost: h\r\nX: "
ALL = head("GET", "/healthz")
HANDSHAKE = head(
    "GET", "/ws", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)  # fmt: skip
CAPS = {
    "UNFINISHED_REQUESTS_PER_ADDRESS_MAX": "3",
    "UNFINISHED_REQUESTS_MAX": "5",
    "IDLE_CONNECTIONS_PER_ADDRESS_MAX": "2",
    "REQUESTS_PER_S_PER_ADDRESS": "20",
    "REQUESTS_BURST_PER_ADDRESS": "10",
    "GUEST_SOCKETS_PER_ADDRESS_MAX": "2",
    "REQUESTS_PER_MINUTE": "5",
}
BALANCED = {**CAPS, "TRUSTED_PROXIES": "1"}


@pytest.fixture(scope="module")
def gateways(cluster: Cluster) -> Iterator[list[Gateway]]:
    with cluster.other_gateways({"gateway-capped": CAPS, "gateway-balanced": BALANCED}) as found:
        yield found


@pytest.fixture
def capped(gateways: list[Gateway]) -> Gateway:
    return gateways[0]


@pytest.fixture
def balanced(gateways: list[Gateway]) -> Gateway:
    """Behind one proxy; each connection of these tests is that proxy's."""
    return gateways[1]


def answer(gateway: Gateway, sent: bytes, *, source: str) -> Answer:
    with RawConnection.open(gateway.port, source=source) as wire:
        return wire.send(sent).answer()


def is_served(gateway: Gateway, *, source: str) -> bool:
    return answer(gateway, ALL, source=source).status == 200


def hold(stack: ExitStack, gateway: Gateway, sent: bytes, *, source: str) -> RawConnection:
    return stack.enter_context(RawConnection.open(gateway.port, source=source)).send(sent)


def test_only_the_address_with_unfinished_requests_is_refused(
    capped: Gateway,
) -> None:
    with ExitStack() as stack:
        for sent in (HALF, b"", head("POST", "/api/auth/login", "Content-Length: 9") + b"{"):
            hold(stack, capped, sent, source=ATTACKER)
        refused = answer(capped, ALL, source=ATTACKER)
        assert refused.code == (429, "RATE_LIMITED")
        assert int(refused.headers["retry-after"]) > 0
        assert is_served(capped, source=OTHER)
    wait_until(lambda: is_served(capped, source=ATTACKER), what="room for the address again")


def test_all_addresses_share_a_cap_and_health_is_answered(capped: Gateway) -> None:
    with ExitStack() as stack:
        for number in range(5):
            hold(stack, capped, HALF, source=f"127.9.1.{number + 1}")
        refused = answer(capped, ALL, source=OTHER)
        assert refused.code == (503, "BUSY")
        assert int(refused.headers["retry-after"]) > 0
    wait_until(lambda: is_served(capped, source=OTHER), what="room again")


def test_keep_alive_connections_of_an_address_are_capped(
    capped: Gateway,
) -> None:
    with ExitStack() as stack:
        wires = [hold(stack, capped, ALL, source="127.9.2.1") for _ in range(2)]
        assert [wire.answer().headers["connection"] for wire in wires] == ["keep-alive"] * 2
        closing = hold(stack, capped, ALL, source="127.9.2.1")
        assert closing.answer().headers["connection"] == "close"
        assert closing.is_closed()


def test_pipelined_requests_of_one_address_wait_their_turn(capped: Gateway) -> None:
    def took_s(source: str, requests: int) -> float:
        begun = time.monotonic()
        with RawConnection.open(capped.port, source=source) as wire:
            wire.send(ALL * requests)
            assert [wire.answer().status for _ in range(requests)] == [200] * requests
        return time.monotonic() - begun

    within_burst_s = took_s("127.9.3.1", 10)
    assert within_burst_s < stretched(0.45)  # at 20 a second it would be half a second
    assert took_s("127.9.3.2", 50) > 1.9  # forty of them at 20 a second


def test_only_guest_sockets_of_an_address_are_capped(
    capped: Gateway, anna: Person, ben: Person
) -> None:
    with ExitStack() as stack:
        guests = [hold(stack, capped, HANDSHAKE, source="127.9.4.1") for _ in range(2)]
        assert [wire.answer().status for wire in guests] == [101, 101]
        refused = answer(capped, HANDSHAKE, source="127.9.4.1")
        assert refused.code == (429, "RATE_LIMITED")
        assert answer(capped, HANDSHAKE, source=OTHER).status == 101
        guests[0].sock.close()
        wait_until(
            lambda: answer(capped, HANDSHAKE, source="127.9.4.1").status == 101,
            what="room for a guest",
        )


def test_signed_in_users_are_no_guests(capped: Gateway, anna: Person, ben: Person) -> None:
    source = "127.9.5.1"
    with ExitStack() as stack:
        for person in (anna, ben, anna):
            socket = stack.enter_context(capped.open(source=source))
            assert socket.request("auth", token=person.token)["type"] == "welcome"
        assert stack.enter_context(capped.open(source=source)).request("auth")["type"] == "welcome"


def test_unknown_routes_count_against_the_limit_of_an_address(capped: Gateway) -> None:
    sent = head("GET", "/api/nothing") * 5 + head("DELETE", "/api/auctions")
    with RawConnection.open(capped.port, source="127.9.6.1") as wire:
        wire.send(sent)
        assert [wire.answer().status for _ in range(6)] == [404] * 5 + [429]
    assert answer(capped, head("GET", "/api/nothing"), source=OTHER).status == 404


def from_client(client: str, sent: bytes) -> bytes:
    """Send a request as a proxy does, with the client's address in a header."""
    return sent.replace(b"\r\n\r\n", f"\r\nX-Forwarded-For: {client}\r\n\r\n".encode(), 1)


def test_behind_a_proxy_caps_count_clients_not_the_proxy(balanced: Gateway) -> None:
    body = head("POST", "/api/auth/login", "Content-Length: 9")
    with ExitStack() as stack:
        for _ in range(2):
            sent = from_client("1.1.1.1, 203.0.113.1", HANDSHAKE)
            assert hold(stack, balanced, sent, source=ATTACKER).answer().status == 101
        for spoofed in ("127.0.0.1", "9.9.9.9"):
            sent = from_client(f"{spoofed}, 203.0.113.1", HANDSHAKE)
            assert answer(balanced, sent, source=ATTACKER).code == (429, "RATE_LIMITED")
        sent = from_client("203.0.113.2", HANDSHAKE)
        assert answer(balanced, sent, source=ATTACKER).status == 101
        hold(stack, balanced, from_client("203.0.113.3", body), source=ATTACKER)
        assert is_served(balanced, source=ATTACKER)


def test_forwarded_headers_are_ignored_without_a_proxy(
    capped: Gateway,
) -> None:
    forwarded = (
        "X-Forwarded-Proto: https", "X-Forwarded-Host: evil.example", "X-Forwarded-Ssl: on",
        "X-Forwarded-Protocol: ssl", "Script-Name: /evil", "Forwarded: for=9.9.9.9",
    )  # fmt: skip
    plain = answer(capped, head("GET", "/", "Connection: close"), source="127.9.7.1")
    forwarded_answer = answer(
        capped, head("GET", "/", *forwarded, "Connection: close"), source="127.9.7.1"
    )
    contradictory = head("GET", "/", "X-Forwarded-Proto: https", "X-Forwarded-Ssl: off")
    assert plain.status == forwarded_answer.status == 200
    assert plain.body == forwarded_answer.body
    assert answer(capped, contradictory, source="127.0.0.1").status == 200
