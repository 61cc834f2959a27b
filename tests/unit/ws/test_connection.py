"""When frames of a socket are handled, and when they are dropped."""

import json
from contextlib import ExitStack

import gevent
from gevent import socket
from gevent.event import Event
from websocket import ABNF

from app.protocol.pushes import TimeAnswer
from app.web.turns import LOOP_TURNS, Turns
from app.web.ws.connection import Connection
from tests.unit.ws.builders import a_connection, a_user
from tests.waiting import CALL_S


def test_after_input_stops_answers_still_arrive() -> None:
    ours, theirs = socket.socketpair()
    theirs.settimeout(CALL_S)
    connection = a_connection(ours)
    texts: list[str] = []

    def received(_: Connection, text: str) -> None:
        texts.append(text)
        connection.ignore_messages()

    reading = gevent.spawn(connection.run, received)
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
            connection = a_connection(ours, guest_turns=turns)
            connection.identity = identity
            reading = gevent.spawn(connection.run, lambda _, text: texts.append(text))
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

    reading = gevent.spawn(connection.run, lambda _, text: handled.append(text), admit)
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
