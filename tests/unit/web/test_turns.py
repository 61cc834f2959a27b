"""Who is always ready lets in between whoever waits for a socket."""

import gevent
from gevent import socket

from app.web.turns import Turns

CROWD = 50
PER_TURN = 2


def test_a_crowd_that_is_always_ready_keeps_no_socket_waiting_for_all_of_it() -> None:
    turns = Turns(per_turn=PER_TURN)
    ours, theirs = socket.socketpair()
    begun, sent, received = [0], [0], list[int]()

    def be_ready() -> None:
        while len(received) < CROWD:
            turns.wait()
            begun[0] += 1
            if begun[0] % CROWD == 0:
                theirs.send(b"x")
                sent.append(begun[0])

    def read() -> None:
        while len(received) < CROWD:
            ours.recv(1)
            received.append(begun[0] - sent[len(received) + 1])

    gevent.joinall([gevent.spawn(read), *(gevent.spawn(be_ready) for _ in range(CROWD))])
    assert max(received) <= 2 * PER_TURN, (
        "others that began between a byte's coming and its reading"
    )
    ours.close()
    theirs.close()


def test_all_have_their_turn() -> None:
    turns, order = Turns(per_turn=1), list[int]()

    def begin(number: int) -> None:
        for _ in range(3):
            turns.wait()
            order.append(number)

    gevent.joinall([gevent.spawn(begin, number) for number in range(4)])
    assert order == [0, 1, 2, 3] * 3
