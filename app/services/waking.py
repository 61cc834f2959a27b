"""Wake-ups: messages to workers that a lane has work. Any of them may be lost, doubled or late."""

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
        """Wake each lane that has no wake-up pending. Never raise for an unreachable server."""

    def enqueue(self, lanes: Iterable[Lane]) -> None:
        """Wake each lane regardless of its flag, as the sweep does."""

    def wake_later(self, lanes: Iterable[Lane]) -> None:
        """Wake each lane in a moment, unless it is woken by then."""

    def clear_flags(self, lanes: Iterable[Lane]) -> None:
        """Clear the lanes' flags, so that records ingested from now on wake them again."""

    def waiting(self, *, at_most: int) -> int:
        """Cut every queue to `at_most` wake-ups and return how many wait.

        Nothing is lost by the cut: a sweep does the same work.
        """
