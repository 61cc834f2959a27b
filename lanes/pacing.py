"""How long a pipeline lets its next batch grow.

A batch costs its transaction, its round trips and everything that it sets off, however little is in
it. So where much comes a pipeline waits a little for more, and where little comes it never does.
"""

import time

GATHERED_MIN = 2  # items to be expected in a pause: fewer are not worth it


class Pace:
    """The pauses of one pipeline."""

    def __init__(self) -> None:
        self._handled_at = time.monotonic()

    def pause(self, *, items: int, longest_s: float) -> None:
        """Pause after a batch of so many items, for `longest_s` or not at all."""
        now = time.monotonic()
        since_s, self._handled_at = now - self._handled_at, now
        if is_worth_it(items=items, since_s=since_s, pause_s=longest_s):
            time.sleep(longest_s)


def is_worth_it(*, items: int, since_s: float, pause_s: float) -> bool:
    """Whether a pause gathers enough: `items` came within `since_s` seconds, and as many will."""
    return items * pause_s >= GATHERED_MIN * since_s
