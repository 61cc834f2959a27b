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

    def enqueue(self, lanes: Iterable[Lane]) -> None:
        """Wake each lane whatever its flag says: the sweep's way."""

    def wake_later(self, lanes: Iterable[Lane]) -> None:
        """Wake each lane in a moment, unless somebody has woken it by then."""

    def clear_flags(self, lanes: Iterable[Lane]) -> None:
        """Clear the lanes' flags, so that records taken from now on wake them again."""

    def waiting(self, *, at_most: int) -> int:
        """How many wake-ups no worker has taken yet; every queue is cut to `at_most` before.

        Nothing is lost by it: what a task would have done, a sweep does too.
        """
