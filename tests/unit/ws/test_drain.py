"""The order of a drain: goodbye, silence, acknowledgements, close."""

import json
from typing import Any

import gevent
from gevent import socket
from websocket import ABNF

from app.web.ws.gateway import Gateway
from tests.unit.ws.builders import FakeServices, read_frames


class Drained(FakeServices):
    """A gateway whose only client bids once more while it waits for acknowledgements."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.gateway = Gateway(self.of_gateway())
        self.ours, self.client = socket.socketpair()
        self.gateway._is_started = True  # nothing but the socket
        self.gateway.serve_soon(self.ours, "")

    def request(self, frame_id: int, type_: str, **fields: Any) -> None:
        text = json.dumps({"id": frame_id, "type": type_, **fields})
        self.client.sendall(ABNF.create_frame(text, ABNF.OPCODE_TEXT).format())
        gevent.sleep(0.05)  # lets the reader run

    def bid(self, frame_id: int) -> None:
        self.request(frame_id, "bid.place", auction_id=7, amount=500, key=f"k{frame_id}")

    def flush_producers(self, timeout_s: float) -> None:
        self.bid(3)


def test_frames_after_bye_are_not_appended() -> None:
    services = Drained()
    services.request(1, "auth", token="5")
    services.bid(2)
    services.gateway.drain()
    frames = [
        frame.get("type") or frame["close"] for frame in read_frames(services.client.recv(10_000))
    ]
    assert frames == ["welcome", "bid.received", "bye", 4001]
    assert [json.loads(value)["key"] for _, _, value in services.appended] == ["k2"]
    services.client.close()


def test_an_auth_that_waits_is_answered_and_what_follows_is_not() -> None:
    services = Drained()
    services.freeze("sessions")
    services.request(1, "auth", token="5")
    draining = gevent.spawn(services.gateway.drain)
    gevent.sleep(0.05)
    services.request(2, "time", client_ms=1)
    services.unfreeze("sessions")
    draining.join()
    frames = [
        frame.get("type") or frame["close"] for frame in read_frames(services.client.recv(10_000))
    ]
    assert frames == ["bye", "welcome", 4001]
    services.client.close()


def test_a_handshake_that_ends_in_a_drain_is_closed_4001() -> None:
    services = Drained()
    services.gateway.hub.registry.is_draining = True
    ours, late = socket.socketpair()
    services.gateway.serve_soon(ours, "")
    assert read_frames(late.recv(1_000)) == [{"close": 4001}]
    for client in (services.client, late):
        client.close()


def test_a_socket_outlives_its_handshake_request() -> None:
    services = Drained()  # created after `serve_soon` has returned
    services.request(1, "auth", token="5")
    assert read_frames(services.client.recv(10_000))[0]["type"] == "welcome"
    services.client.close()
    while services.gateway.hub.registry.connections:
        gevent.sleep(0.01)
    assert services.ours.fileno() == -1
