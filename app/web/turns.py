"""Turns of the event loop: of the callers that wait for nothing only a few begin in each turn.

Between two polls of its sockets gevent's loop runs up to a thousand ready greenlets, and
`gevent.sleep(0)` makes a greenlet ready at once. Fifty clients whose next request has already
arrived would delay a bid by fifty answers, at each of its steps.
"""

import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Final

import gevent
from gevent.hub import Waiter
from gevent.lock import BoundedSemaphore

TURN_S: Final = 0.002  # so long the loop may not look at its other sockets
SLICE_S: Final = 0.004  # the same, while clients wait: a refusal waits for it (docs/performance.md)
NEXT_TURN_S: Final = 1e-6  # a timer, however short, is over only after the sockets were looked at


class LoopTurns:
    """Lets greenlets go on at once in the first `turn_s` of a turn, and others later, in order.

    A greenlet that comes while others wait, waits behind them. In each turn of the loop those who
    wait go on for `slice_s`. They do not stand in the loop's own queue of what is ready: there
    acknowledgements, outcomes and everything else would stand behind them.
    """

    def __init__(self, turn_s: float = TURN_S, slice_s: float = SLICE_S) -> None:
        self._turn_s, self._slice_s = turn_s, slice_s
        self._waiting: deque[tuple[float, Callable[[], object]]] = deque()
        self._is_serving = False

    @property
    def is_free(self) -> bool:
        """Whether nobody waits, and the turn is young: then `wait` returns at once."""
        return not self._is_serving and time.time() - gevent.get_hub().loop.now() < self._turn_s

    def oldest_s(self, now: float) -> float:
        """Return for how long the first of those who wait has waited; `now` is monotonic."""
        return now - self._waiting[0][0] if self._waiting else 0.0

    def wait(self) -> None:
        """Return when it is the caller's turn."""
        if not self.is_free:
            waiter: Waiter[None] = Waiter()
            self.put(partial(_resume, waiter))
            waiter.get()

    def put(self, act: Callable[[], object]) -> None:
        """Call `act` in turn, in a greenlet that others share: it may neither raise nor wait."""
        self._waiting.append((time.monotonic(), act))
        if not self._is_serving:
            self._is_serving = True
            gevent.spawn(self._serve)

    def _serve(self) -> None:
        while self._waiting:
            gevent.sleep(NEXT_TURN_S)
            self._serve_until(time.monotonic() + self._slice_s)
        self._is_serving = False

    def _serve_until(self, until: float) -> None:
        """Serve at least one."""
        while self._waiting:
            _, act = self._waiting.popleft()
            act()
            if time.monotonic() >= until:
                return


def _resume(waiter: "Waiter[None]") -> None:
    """Let the greenlet of the waiter go on before the caller does; one that was killed does not."""
    gevent.get_hub().loop.run_callback(waiter.switch, None)
    gevent.sleep(0)


LOOP_TURNS: Final = LoopTurns()  # of the one loop of this process


class Turns:
    """Lets at most `at_once` greenlets begin, in their order, and others `rest_s` later."""

    def __init__(self, *, at_once: int, rest_s: float = NEXT_TURN_S) -> None:
        self._slots, self._rest_s = BoundedSemaphore(at_once), rest_s

    def wait(self) -> None:
        """Return when it is the caller's turn: at once unless others have just begun."""
        self._slots.acquire()
        gevent.spawn_later(self._rest_s, self._slots.release)
