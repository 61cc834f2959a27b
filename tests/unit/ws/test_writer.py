"""A writer over a real pair of sockets: order, bounds, and the end of a slow reader."""

from collections.abc import Iterator

import gevent
import pytest
from gevent import socket

from app.protocol.problems import CloseCode
from app.web.ws.framing import close_frame, text_frame
from app.web.ws.traffic import Traffic
from app.web.ws.writer import Writer
from tests.waiting import CALL_S

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
    yield ours, theirs
    ours.close()
    theirs.close()


def a_writer(
    sock: socket.socket, dead: list[bool], *, bytes_max: int = 1_000_000, stall_s: float = 5.0
) -> Writer:
    writer = Writer(
        sock,
        bytes_max=bytes_max,
        frames_max=512,
        stall_s=stall_s,
        on_slow=lambda: writer.close(CloseCode.TOO_SLOW, "too slow"),
        on_dead=lambda: dead.append(True),
        traffic=Traffic(),
    )
    return writer


def read_all(sock: socket.socket, size: int) -> bytes:
    read = b""
    while len(read) < size:
        read += sock.recv(65_536)
    return read


def test_frames_arrive_in_order_though_the_socket_blocks(pair: Pair) -> None:
    ours, theirs = pair
    writer = a_writer(ours, [])
    frames = [text_frame(b"%06d" % number * 100) for number in range(200)]
    for frame in frames:
        writer.write(frame)
    assert not writer.flushed()
    expected = b"".join(frames)
    with gevent.Timeout(CALL_S):
        assert read_all(theirs, len(expected)) == expected
    assert writer.is_open


@pytest.mark.parametrize("bytes_max", [10_000, 10**9])
def test_a_slow_reader_is_closed_4008_after_the_begun_frame(pair: Pair, bytes_max: int) -> None:
    ours, theirs = pair
    writer = a_writer(ours, [], bytes_max=bytes_max)
    frame = text_frame(b"x" * 1_000)
    for _ in range(2_000):
        writer.write(frame)
    assert not writer.is_open
    farewell = close_frame(4008, "too slow")
    read = b""
    with gevent.Timeout(CALL_S):
        while not read.endswith(farewell):
            read += theirs.recv(65_536)
    frames = read.removesuffix(farewell)
    assert frames == frame * (len(frames) // len(frame))


def test_a_client_that_reads_nothing_is_disconnected(pair: Pair) -> None:
    ours, _ = pair
    dead: list[bool] = []
    writer = a_writer(ours, dead, stall_s=0.05)
    for _ in range(100):
        writer.write(text_frame(b"x" * 1_000))
    with gevent.Timeout(CALL_S):
        while not dead:
            gevent.sleep(0.01)
    assert dead == [True]
    assert not writer.is_open


def test_a_closed_peer_ends_the_writer_without_an_exception(pair: Pair) -> None:
    ours, theirs = pair
    dead: list[bool] = []
    writer = a_writer(ours, dead)
    theirs.close()
    for _ in range(3):
        writer.write(text_frame(b"x"))
    assert dead == [True]
