"""A socket that hears no more: what it heard is answered, what comes is not carried out."""

import json

import gevent
from gevent import socket
from websocket import ABNF

from app.protocol.pushes import TimeAnswer
from app.settings import Limits
from app.web.ws.connection import Connection
from app.web.ws.traffic import Traffic
from tests.waiting import CALL_S


def test_after_hear_no_more_nothing_is_carried_out_and_answers_still_arrive() -> None:
    ours, theirs = socket.socketpair()
    theirs.settimeout(CALL_S)
    connection = Connection(ours, limits=Limits(), traffic=Traffic())
    heard: list[str] = []

    def hear(_: Connection, text: str) -> None:
        heard.append(text)
        connection.hear_no_more()

    reading = gevent.spawn(connection.run, hear)
    for text in ("before", "after"):
        theirs.sendall(ABNF.create_frame(text, ABNF.OPCODE_TEXT).format())
    theirs.sendall(ABNF.create_frame("", ABNF.OPCODE_PING).format())
    assert theirs.recv(2) == bytes([0x80 | ABNF.OPCODE_PONG, 0]), "all was read"
    assert heard == ["before"]
    connection.answer(TimeAnswer(re=1, client_ms=1, server_ms=2))
    assert json.loads(theirs.recv(1_000)[2:])["re"] == 1
    theirs.close()
    reading.join(CALL_S)
