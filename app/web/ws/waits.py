"""Requests of this process that wait for one bid's outcome (`Prefer: wait`)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gevent.event import Event


class OutcomeWaits:
    """Is notified of every outcome that reaches this process.

    `expect_user` is called before a bid over HTTP is placed, and subscribes to its outcome: for
    waiting requests, and to count futile bids.
    """

    def __init__(self) -> None:
        self.expect_user: Callable[[int], None] = lambda _: None
        self._waits: dict[str, list[Event]] = {}

    def __bool__(self) -> bool:
        """Return whether any request waits."""
        return bool(self._waits)

    @contextmanager
    def expect(self, bid_id: str) -> Iterator[Event]:
        """Yield an event that is set at each outcome of the bid.

        Enter before the bid is placed, so that the outcome cannot come too early.
        """
        event = Event()
        self._waits.setdefault(bid_id, []).append(event)
        try:
            yield event
        finally:
            self._waits[bid_id].remove(event)
            if not self._waits[bid_id]:
                del self._waits[bid_id]

    def notify(self, bid_id: str) -> None:
        """Wake the requests that wait for this bid."""
        for event in self._waits.get(bid_id, ()):
            event.set()
