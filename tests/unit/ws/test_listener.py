"""A gateway with much to read from Redis still serves its sockets."""

import time

import gevent
from gevent import socket
from gevent.event import Event

from app.web.turns import LOOP_TURNS
from app.web.ws.listener import TURN_BYTES, Listener

PUBLICATIONS = 20


class CountingHub:
    """Counts the publications."""

    def __init__(self) -> None:
        self.received = 0

    def on_message(self, channel: str, payload: bytes) -> None:
        self.received += 1


def listen_to_many(hub: CountingHub) -> None:
    listener = Listener(None, hub, recovery=None, clock=time.monotonic)  # type: ignore[arg-type]
    listener._on_messages([[b"message", b"user:1", bytes(TURN_BYTES)]] * PUBLICATIONS, 0.0)


def test_sockets_are_read_between_publications() -> None:
    hub = CountingHub()
    ours, theirs = socket.socketpair()
    read_after: list[int] = []

    def read() -> None:
        for _ in range(2):
            ours.recv(1)
            read_after.append(hub.received)
            theirs.send(b"x")

    reading = gevent.spawn(read)
    gevent.sleep(0)
    theirs.send(b"x")
    listen_to_many(hub)
    reading.join()
    assert read_after[1] <= 4
    ours.close()
    theirs.close()


def test_publications_do_not_wait_behind_waiting_frames() -> None:
    hub, turn = CountingHub(), Event()
    LOOP_TURNS.put(turn.wait)
    listen_to_many(hub)
    assert hub.received == PUBLICATIONS
    turn.set()
    LOOP_TURNS.wait()
