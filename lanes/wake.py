"""Wake-ups: messages to workers that a lane has work. Any of them may be lost, doubled or late."""

from collections.abc import Iterable
from typing import Protocol

SETTLE_TASK = "settle"

Lane = tuple[str, str]
"""A topic and a key."""


def wake_key(topic: str, key: str) -> str:
    """Return the Redis key of the flag that coalesces wake-ups of one lane."""
    return f"wake:{topic}:{key}"


def delayed_key(topic: str, key: str) -> str:
    """Return the Redis key of the flag of a lane that is woken later; no topic has this name."""
    return f"wake::{topic}:{key}"


class Waker(Protocol):
    """Wakes lanes through Celery."""

    def wake(self, lanes: Iterable[Lane]) -> None:
        """Wake each lane that has no wake-up pending. Never raise for an unreachable server."""

    def enqueue(self, lanes: Iterable[Lane]) -> None:
        """Wake each lane regardless of its flag, as the sweep does."""

    def wake_later(self, lanes: Iterable[Lane]) -> None:
        """Wake each lane in a moment, unless it is woken by then."""

    def wake_after(self, lanes: Iterable[Lane], after_s: float) -> None:
        """Wake each lane after so many seconds, unless that is to happen already."""

    def clear_flags(self, lanes: Iterable[Lane]) -> None:
        """Clear the lanes' flags, so that records ingested from now on wake them again."""

    def waiting(self, *, at_most: int) -> int:
        """Cut every queue to `at_most` wake-ups and return how many wait.

        Nothing is lost by the cut: a sweep does the same work.
        """
