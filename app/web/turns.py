"""Turns of the event loop: few of those who wait for nothing begin in each.

Between two looks at its sockets gevent's loop runs up to a thousand greenlets that are ready, and
`gevent.sleep(0)` makes a greenlet ready at once. Fifty clients whose next request is there already
would so keep a bid waiting for fifty answers, at each of its steps.
"""

import gevent
from gevent.lock import BoundedSemaphore

NEXT_TURN_S = 1e-6  # a timer, however short, is over only after the sockets were looked at


class Turns:
    """Lets at most `per_turn` greenlets begin in one turn of the loop, in their order."""

    def __init__(self, *, per_turn: int) -> None:
        self._places = BoundedSemaphore(per_turn)

    def wait(self) -> None:
        """Return in another turn of the loop, when it is one's own."""
        with self._places:
            gevent.sleep(NEXT_TURN_S)
        gevent.sleep(0)  # whoever is next takes the place before this one comes again
