"""Wake-ups: telling a worker that a lane has work. Any of them may be lost, doubled or late."""

from collections.abc import Iterable
from typing import Protocol

SETTLE_TASK = "settle"
SETTLE_QUEUE = "bids"
PUBLISH_NOTICES_TASK = "publish_notices"
NOTICE_QUEUE = "notices"
MAINTENANCE_QUEUE = "maintenance"

Lane = tuple[str, str]
"""A topic and a key."""


class Waker(Protocol):
    """Wakes lanes through Celery."""

    def wake(self, lanes: Iterable[Lane]) -> None:
        """Wake each lane that is not woken already. Never raises for an unreachable server."""

    def wake_again(self, lanes: Iterable[Lane]) -> None:
        """Wake each lane whatever its flag says: the sweep's way."""

    def asleep(self, lane: Lane) -> None:
        """Clear the lane's flag, so that records taken from now on wake it again."""

    def waiting(self, *, at_most: int) -> int:
        """How many wake-ups no worker has taken yet; every queue is cut to `at_most` before.

        Nothing is lost by it: what a task would have done, a sweep does too.
        """
