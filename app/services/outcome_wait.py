"""Waiting for what became of a record, for a request that can be answered with it."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

FIRST_PAUSE_S, LAST_PAUSE_S = 0.02, 0.2  # a quiet decision takes some 20 ms


def wait_for_outcome(
    read: Callable[[], T | None],
    pauses_s: Iterable[float],
    *,
    within_s: float,
    pause: Callable[[float], object] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> T | None:
    """Return what `read` finds within `within_s` seconds; None when there is nothing by then.

    It reads after each pause and at the end; `pause` may return early, when there is a
    notification. Raise what `read` raises.
    """
    ends_at = clock() + within_s
    for pause_s in pauses_s:
        left_s = ends_at - clock()
        if left_s <= 0:
            break
        pause(min(left_s, pause_s))
        found = read()
        if found is not None:
            return found
    return None


def growing_pauses() -> Iterator[float]:
    """Yield the pauses between reads when nothing notifies of an outcome, each twice the last."""
    pause_s = FIRST_PAUSE_S
    while True:
        yield pause_s
        pause_s = min(2 * pause_s, LAST_PAUSE_S)
