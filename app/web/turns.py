"""Turns of the event loop: of the callers that wait for nothing only a few begin in each turn.

Between two polls of its sockets gevent's loop runs up to a thousand ready greenlets, and
`gevent.sleep(0)` makes a greenlet ready at once. Fifty clients whose next request has already
arrived would delay a bid by fifty answers, at each of its steps.
"""

import time
from typing import Final

import gevent
from gevent.lock import BoundedSemaphore

TURN_S: Final = 0.002  # so long the loop may not look at its other sockets
NEXT_TURN_S = 1e-6  # a timer, however short, is over only after the sockets were looked at


class LoopTurns:
    """Lets greenlets go on at once in the first `turn_s` of a turn, and others later, in order.

    A greenlet that comes while others wait, waits behind them.
    """

    def __init__(self, turn_s: float = TURN_S) -> None:
        self._turn_s, self._waiting = turn_s, 0

    def wait(self) -> None:
        """Return when it is the caller's turn."""
        if not self._waiting and time.time() - gevent.get_hub().loop.now() < self._turn_s:
            return
        self._waiting += 1
        try:
            gevent.sleep(0)
        finally:
            self._waiting -= 1


LOOP_TURNS: Final = LoopTurns()  # of the one loop of this process


class Turns:
    """Lets at most `at_once` greenlets begin, in their order, and others `rest_s` later."""

    def __init__(self, *, at_once: int, rest_s: float = NEXT_TURN_S) -> None:
        self._slots, self._rest_s = BoundedSemaphore(at_once), rest_s

    def wait(self) -> None:
        """Return when it is the caller's turn: at once unless others have just begun."""
        self._slots.acquire()
        gevent.spawn_later(self._rest_s, self._slots.release)
