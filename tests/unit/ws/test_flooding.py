"""A flooding socket is refused, then closed, and delays no other (wire.md, 4013)."""

import json
import socket as native
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import gevent
import pytest
from gevent import socket
from websocket import ABNF

from app.protocol.pushes import TimeAnswer
from app.settings import Limits
from app.web.ws.connection import Connection
from app.web.ws.rate import RateDecision
from tests.unit.ws.builders import a_connection, read_frames, spawn_reader

WAIT_S = 20.0
# One second of patience instead of three
LIMITS = Limits(frames_over_rate_s=1.0)


def frame(payload: str, opcode: int, fin: int = 1) -> bytes:
    made = ABNF(fin, 0, 0, 0, opcode, 1, payload.encode()).format()
    return made if isinstance(made, bytes) else made.encode()


PARTS = frame("", ABNF.OPCODE_CONT, fin=0)
FLOODS = {
    "pings": (b"", frame("", ABNF.OPCODE_PING)),
    "pongs": (b"", frame("x" * 100, ABNF.OPCODE_PONG)),
    "empty fragments": (frame("", ABNF.OPCODE_TEXT, fin=0), PARTS),
    "small fragments": (frame("", ABNF.OPCODE_TEXT, fin=0), frame("x", ABNF.OPCODE_CONT, fin=0)),
}


@contextmanager
def flooded(first: bytes, again: bytes) -> Iterator[Connection]:
    """A socket of a client that sends without end, from a thread of its own, until it is closed."""
    ours, theirs = native.socketpair()
    connection = a_connection(socket.socket(fileno=ours.detach()), limits=LIMITS)
    connection.set_ready()

    def send() -> None:
        try:
            theirs.sendall(first)
            while True:
                theirs.sendall(again * 1_000)
        except OSError:
            return  # the connection was closed

    thread = threading.Thread(target=send, daemon=True)
    reading = spawn_reader(connection)
    thread.start()
    yield connection
    theirs.close()
    reading.join(WAIT_S)
    thread.join(WAIT_S)


def wait_for(condition: Callable[[], object]) -> None:
    with gevent.Timeout(WAIT_S):
        while not condition():
            gevent.sleep(0.01)


@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_of_control_frames_is_closed_4013(flood: str) -> None:
    ours, theirs = socket.socketpair()
    theirs.settimeout(WAIT_S)
    other = a_connection(ours)
    answer = TimeAnswer(re=1, client_ms=1, server_ms=2)
    reading = spawn_reader(other, lambda connection, _: connection.answer(answer))
    answered = 0
    with flooded(*FLOODS[flood]) as connection:
        while connection.is_open:
            theirs.sendall(frame("{}", ABNF.OPCODE_TEXT))
            assert json.loads(theirs.recv(1_000)[2:])["type"] == "time"
            answered += 1
            gevent.sleep(0.05)
        assert connection.end == "4013"
    assert answered >= 5, "they were answered while the flood was on"
    theirs.close()
    reading.join(WAIT_S)


def test_a_flood_is_reported_once_a_second_with_few_pongs() -> None:
    ours, theirs = socket.socketpair()
    theirs.settimeout(WAIT_S)
    connection = a_connection(ours, limits=LIMITS)
    connection.set_ready()
    reading = spawn_reader(connection)
    sending = gevent.spawn(theirs.sendall, frame("", ABNF.OPCODE_PING) * 20_000)
    wait_for(lambda: not connection.is_open)
    received = b""
    while not received.endswith((4013).to_bytes(2, "big") + b"too many frames"):
        received += theirs.recv(65_536)
    pong = bytes([0x80 | ABNF.OPCODE_PONG, 0])
    frames = read_frames(received.replace(pong, b""))
    assert frames[-1] == {"close": 4013}
    errors = frames[:-1]
    assert {error["code"] for error in errors} == {"RATE_LIMITED"}
    assert all(error["retry"] and "re" not in error for error in errors)
    assert len(errors) <= 2
    assert received.count(pong) <= 60
    theirs.close()
    for greenlet in (reading, sending):
        greenlet.join(WAIT_S)


def test_bytes_are_metered_too_though_the_frames_are_few() -> None:
    refused: list[bool] = []

    def check(connection: Connection, _: str) -> None:
        refused.append(connection.rate.check(time.monotonic()) is not RateDecision.PASS)

    ours, theirs = socket.socketpair()
    connection = a_connection(ours, limits=LIMITS)
    reading = spawn_reader(connection, check)
    sending = gevent.spawn(theirs.sendall, frame("x" * 32_000, ABNF.OPCODE_TEXT) * 5)
    wait_for(lambda: len(refused) == 5)
    assert refused == [False] * 4 + [True], "two seconds' worth passes at once"
    theirs.close()
    for greenlet in (reading, sending):
        greenlet.join(WAIT_S)
