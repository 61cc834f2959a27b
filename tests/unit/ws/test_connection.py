"""When frames of a socket are handled, and when they are dropped."""

import gc
import json
import weakref
from contextlib import ExitStack
from dataclasses import replace

import gevent
from gevent import socket
from gevent.event import Event
from websocket import ABNF

from app.protocol.pushes import TimeAnswer
from app.settings import Limits
from app.web.turns import LOOP_TURNS, Turns
from app.web.ws.connection import CLOSED, CLOSING, DRAINING, READY, Connection
from app.web.ws.framing import PING, close_frame
from tests.unit.ws.builders import a_connection, a_user, spawn_reader
from tests.waiting import CALL_S

LIMITS = Limits()


def test_after_input_stops_answers_still_arrive() -> None:
    ours, theirs = socket.socketpair()
    theirs.settimeout(CALL_S)
    connection = a_connection(ours)
    texts: list[str] = []

    def received(_: Connection, text: str) -> None:
        texts.append(text)
        connection.drain()

    reading = spawn_reader(connection, received)
    for text in ("before", "after"):
        theirs.sendall(ABNF.create_frame(text, ABNF.OPCODE_TEXT).format())
    theirs.sendall(ABNF.create_frame("", ABNF.OPCODE_PING).format())
    assert theirs.recv(2) == bytes([0x80 | ABNF.OPCODE_PONG, 0]), "all was read"
    assert texts == ["before"]
    connection.answer(TimeAnswer(re=1, client_ms=1, server_ms=2))
    assert json.loads(theirs.recv(1_000)[2:])["re"] == 1
    theirs.close()
    reading.join(CALL_S)


def test_only_guests_wait_for_the_turns_of_guests() -> None:
    turns = Turns(at_once=1, rest_s=CALL_S)
    turns.wait()  # of another guest, whose turn has just begun
    texts: list[str] = []
    with ExitStack() as ended:
        for name, identity in (("guest", None), ("bidder", a_user(5))):
            ours, theirs = socket.socketpair()
            connection = a_connection(ours)
            connection.identity = identity
            reading = spawn_reader(
                connection, lambda _, text: texts.append(text), guest_turns=turns
            )
            ended.callback(reading.kill)
            ended.callback(theirs.close)
            theirs.sendall(ABNF.create_frame(name, ABNF.OPCODE_TEXT).format())
        with gevent.Timeout(CALL_S):
            while not texts:
                gevent.sleep(0)
        assert texts == ["bidder"]


def test_bids_are_checked_while_others_are_handled() -> None:
    turn, admitted, handled = Event(), list[str](), list[str]()
    LOOP_TURNS.put(turn.wait)
    ours, theirs = socket.socketpair()
    connection = a_connection(ours)
    connection.identity = a_user(5)

    def admit(_: Connection, text: str) -> bool:
        admitted.append(text)
        return text.startswith("bid")

    reading = spawn_reader(connection, lambda _, text: handled.append(text), admit=admit)
    with gevent.Timeout(CALL_S):
        for text in ("bid 1", "bid 2", "other"):
            theirs.sendall(ABNF.create_frame(text, ABNF.OPCODE_TEXT).format())
        while len(admitted) < 3:
            gevent.sleep(0)
        assert handled == []
        turn.set()
        while not handled:
            gevent.sleep(0)
    assert handled == ["other"]
    theirs.close()
    reading.join(CALL_S)


class Timed:
    """A socket whose time passes as the test says."""

    def __init__(self) -> None:
        self.now = 0.0
        ours, self.theirs = socket.socketpair()
        self.theirs.settimeout(0.0)
        self.connection = a_connection(ours, clock=lambda: self.now)

    def received_after(self, seconds: float) -> bytes:
        """What the client has got by the tick after so many more seconds."""
        self.now += seconds
        self.connection.tick(self.now, epoch_s=self.now)
        try:
            return self.theirs.recv(1_000)
        except BlockingIOError:
            return b""


def test_without_auth_a_socket_is_closed_4401_in_time() -> None:
    timed = Timed()
    assert timed.received_after(LIMITS.auth_timeout_s - 1) == b""
    assert timed.received_after(1) == close_frame(4401, "no auth")


def test_a_socket_whose_token_expires_is_closed_4401() -> None:
    timed = Timed()
    timed.connection.identity = replace(a_user(5), expires_at_s=2.0)
    timed.connection.set_ready()
    assert timed.received_after(1) == b""
    assert timed.received_after(1) == close_frame(4401, "token expired")


def test_a_silent_client_is_pinged_then_closed_4012() -> None:
    timed = Timed()
    timed.connection.set_ready()
    assert timed.received_after(LIMITS.ping_s) == PING
    timed.connection.received_at = timed.now  # as its reader sets it
    assert timed.received_after(LIMITS.ping_s) == PING
    assert timed.received_after(LIMITS.pong_timeout_s) == close_frame(4012, "no pong")


def test_the_state_of_a_socket_only_rises() -> None:
    connection = Timed().connection
    assert connection.is_silent
    connection.set_ready()
    assert (connection.state, connection.is_silent) == (READY, False)
    connection.drain()
    connection.set_ready()
    assert (connection.state, connection.is_open) == (DRAINING, True)
    connection.close(4001)
    connection.drain()
    assert (connection.state, connection.is_open, connection.end) == (CLOSING, False, "4001")
    connection.closed()
    connection.close(4004)
    assert (connection.state, connection.end) == (CLOSED, "4001")


def test_only_a_close_that_the_client_begins_is_its_own() -> None:
    ours, theirs = Timed().connection, Timed().connection
    theirs.closed_by_client(1000)
    ours.close(4401)
    ours.closed_by_client(4401)
    assert (theirs.end, ours.end) == ("client", "4401")


def test_a_closed_socket_is_freed_without_a_collection() -> None:
    ours, theirs = socket.socketpair()
    connection = a_connection(ours)
    reading = spawn_reader(connection)
    freed = weakref.ref(connection)
    del connection, ours
    gc.disable()
    try:
        theirs.close()
        reading.join(CALL_S)
        del reading
        assert freed() is None
    finally:
        gc.enable()
