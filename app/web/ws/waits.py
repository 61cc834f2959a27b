"""Those who wait in this process for one bid's outcome (`Prefer: wait`)."""

from collections.abc import Iterator
from contextlib import contextmanager

from gevent.event import AsyncResult
from gevent.timeout import Timeout

from app.protocol.fanout import BidderOutcome, BidderRefusal

Told = BidderOutcome | BidderRefusal


class OutcomeWaits:
    """Hears every outcome that this process is told of."""

    def __init__(self) -> None:
        self._waits: dict[str, list[AsyncResult[Told]]] = {}

    def __bool__(self) -> bool:
        """Whether anybody waits."""
        return bool(self._waits)

    @contextmanager
    def expect(self, bid_id: str) -> Iterator["Wait"]:
        """Enter before the bid is placed, so that the outcome cannot come too early."""
        result: AsyncResult[Told] = AsyncResult()
        self._waits.setdefault(bid_id, []).append(result)
        try:
            yield Wait(result)
        finally:
            self._waits[bid_id].remove(result)
            if not self._waits[bid_id]:
                del self._waits[bid_id]

    def tell(self, bid_id: str, told: Told) -> None:
        """Wake those who wait for this bid."""
        for result in self._waits.get(bid_id, ()):
            result.set(told)


class Wait:
    """One who waits."""

    def __init__(self, result: "AsyncResult[Told]") -> None:
        self._result = result

    def get(self, timeout_s: float) -> Told | None:
        """The outcome, or the refusal of a reused key; None when it did not come in time."""
        try:
            return self._result.get(timeout=timeout_s)
        except Timeout:
            return None
