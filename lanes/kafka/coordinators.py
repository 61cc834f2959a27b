"""The coordinator of a consumer group, which a broker that has just started may not have yet."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

from kafka.errors import (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    NotCoordinatorError,
)

T = TypeVar("T")

AGAIN_S: Final = 0.5
NOT_YET: Final = (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,  # a broker that never had a group creates the first one now
    NotCoordinatorError,
)


def when_coordinated(ask: Callable[[], T], *, within_s: float) -> T:
    """Return what `ask` answers, asking again while the group has no coordinator there. Raise what
    `ask` raises; after `within_s` seconds its KafkaError about the coordinator too.

    `ask` makes a client each time: one remembers a coordinator that has moved.
    """
    gives_up_at = time.monotonic() + within_s
    while True:
        try:
            return ask()
        except NOT_YET:
            if time.monotonic() > gives_up_at:
                raise
            time.sleep(AGAIN_S)
