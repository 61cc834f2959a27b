"""A socket that is always ready lets others run in between."""

import time
from functools import partial

import gevent
from gevent import socket

from app.web.turns import LoopTurns, Turns

CROWD = 50
AT_ONCE = 2
REST_S = 0.2


def test_many_ready_sockets_do_not_starve_another() -> None:
    turns = Turns(at_once=AT_ONCE)
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
    assert max(received) <= 2 * AT_ONCE, "others that began between a byte's coming and its reading"
    ours.close()
    theirs.close()


def test_all_waiting_greenlets_get_turns() -> None:
    turns, order = Turns(at_once=1), list[int]()

    def begin(number: int) -> None:
        for _ in range(3):
            turns.wait()
            order.append(number)

    gevent.joinall([gevent.spawn(begin, number) for number in range(4)])
    # The first began before the others came, and so is done before them.
    assert order == [0, *([0, 1, 2, 3] * 2), 1, 2, 3]


def test_turns_are_spaced_for_many_and_immediate_for_one() -> None:
    turns, began_at = Turns(at_once=2, rest_s=REST_S), time.monotonic()
    for _ in range(2):
        turns.wait()
    alone_s = time.monotonic() - began_at
    gevent.joinall([gevent.spawn(turns.wait) for _ in range(6)])
    assert time.monotonic() - began_at >= 3 * REST_S
    assert alone_s < REST_S


def test_an_early_socket_of_a_loop_turn_continues_at_once() -> None:
    order: list[str] = []
    other = gevent.spawn(order.append, "other")
    LoopTurns(turn_s=600.0).wait()
    order.append("early")
    other.join()
    assert order == ["early", "other"]


def test_a_late_socket_of_a_loop_turn_yields_first() -> None:
    order: list[str] = []
    other = gevent.spawn(order.append, "other")
    LoopTurns(turn_s=0.0).wait()
    order.append("late")
    other.join()
    assert order == ["other", "late"]


def test_waiting_sockets_keep_their_order() -> None:
    turns, order = LoopTurns(turn_s=0.0), list[str]()

    def take(name: str) -> None:
        turns.wait()
        order.append(name)

    def come_early() -> None:
        turns._turn_s = 600.0  # as if the turn had just begun
        take("early")

    first, early = gevent.spawn(take, "first"), gevent.spawn(come_early)
    first.join()
    early.join()
    assert order == ["first", "early"]


def test_calls_are_made_in_order_and_later() -> None:
    turns, order = LoopTurns(turn_s=600.0), list[int]()
    for number in range(3):
        turns.put(partial(order.append, number))
    assert order == []
    turns.wait()
    order.append(3)
    assert order == [0, 1, 2, 3]


def test_a_ready_greenlet_waits_for_one_slice_at_most() -> None:
    turns, order = LoopTurns(slice_s=0.0), list[str]()
    ours, theirs = socket.socketpair()

    def read() -> None:
        order.append(ours.recv(1).decode())

    reading = gevent.spawn(read)
    gevent.sleep(0)
    turns.put(partial(theirs.send, b"x"))
    for _ in range(CROWD):
        turns.put(partial(time.sleep, 0.001))
        turns.put(partial(order.append, "turn"))
    turns.wait()
    reading.join()
    assert order.index("x") < CROWD / 2
    ours.close()
    theirs.close()


def test_a_killed_waiter_delays_no_other() -> None:
    turns, order = LoopTurns(turn_s=0.0), list[str]()

    def take(name: str) -> None:
        turns.wait()
        order.append(name)

    first, second = gevent.spawn(take, "first"), gevent.spawn(take, "second")
    gevent.sleep(0)
    first.kill()
    second.join()
    assert order == ["second"]
