"""Those who wait in this process for one bid's outcome (`Prefer: wait`)."""

from collections.abc import Iterator
from contextlib import contextmanager

from gevent.event import Event


class OutcomeWaits:
    """Hears of every outcome that this process is told of."""

    def __init__(self) -> None:
        self._waits: dict[str, list[Event]] = {}

    def __bool__(self) -> bool:
        """Whether anybody waits."""
        return bool(self._waits)

    @contextmanager
    def expect(self, bid_id: str) -> Iterator[Event]:
        """An event, set at each outcome of the bid.

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

    def tell(self, bid_id: str) -> None:
        """Wake those who wait for this bid."""
        for event in self._waits.get(bid_id, ()):
            event.set()
