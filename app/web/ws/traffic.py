"""Traffic of the sockets of one process, counted at next to no cost per frame.

Plain numbers on the path of every frame; they reach the metrics once a second.
"""

from bisect import bisect_left
from collections import Counter as Counts
from collections.abc import Collection, Sequence
from typing import Protocol

from prometheus_client import Counter, Histogram

from app.observability import metrics


class Queued(Protocol):
    """A socket with a queue."""

    @property
    def bytes_queued(self) -> int:
        """Bytes that wait for the reader."""
        ...

    @property
    def frames_queued(self) -> int:
        """Frames that wait for the reader."""
        ...


class Traffic:
    """Since the last `publish`; times in seconds."""

    __slots__ = (
        "bids_acknowledged", "bids_received", "bids_unknown", "deliveries_s", "fanouts_s",
        "frames_in", "frames_out", "pushes", "receipts_s",
    )  # fmt: skip

    def __init__(self) -> None:
        self.frames_in = self.frames_out = self.pushes = 0
        self.bids_received = self.bids_acknowledged = self.bids_unknown = 0
        self.receipts_s: list[float] = []
        self.fanouts_s: list[float] = []
        self.deliveries_s: list[float] = []

    def publish(self, sockets: Collection[Queued]) -> None:
        """Hand everything over to the metrics and begin anew."""
        metrics.OPEN_SOCKETS.set(len(sockets))
        metrics.QUEUED_BYTES.set(sum(socket.bytes_queued for socket in sockets))
        metrics.QUEUED_FRAMES.set(sum(socket.frames_queued for socket in sockets))
        for name, counter in _COUNTERS.items():
            counter.inc(getattr(self, name))
            setattr(self, name, 0)
        for name, histogram in _HISTOGRAMS.items():
            seconds: list[float] = getattr(self, name)
            setattr(self, name, [])
            observe_all(histogram, seconds)


def observe_all(histogram: Histogram, values: Sequence[float]) -> None:
    """As `observe` of each value of a histogram without labels.

    Each bucket is changed once: of a busy second there are thousands of values, and while they are
    counted one by one no frame is answered for tens of milliseconds.
    """
    if not values:
        return
    histogram._sum.inc(sum(values))  # noqa: SLF001 - it takes one value at a time
    counts = Counts(bisect_left(histogram._upper_bounds, value) for value in values)  # noqa: SLF001
    for bucket, count in counts.items():
        histogram._buckets[bucket].inc(count)  # noqa: SLF001


def count_end(end: str) -> None:
    """A socket has ended: `end` is a close code, `client` or `lost`."""
    metrics.SOCKETS_ENDED.labels(end if end in metrics.ENDS else metrics.PROTOCOL_ERROR).inc()


_COUNTERS: dict[str, Counter] = {
    "frames_in": metrics.FRAMES_IN,
    "frames_out": metrics.FRAMES_OUT,
    "pushes": metrics.PUSHES,
    "bids_received": metrics.BIDS_RECEIVED,
    "bids_acknowledged": metrics.BIDS_ACKNOWLEDGED,
    "bids_unknown": metrics.BIDS_UNKNOWN,
}
_HISTOGRAMS: dict[str, Histogram] = {
    "receipts_s": metrics.RECEIPT_SECONDS,
    "fanouts_s": metrics.FANOUT_SECONDS,
    "deliveries_s": metrics.DELIVERY_SECONDS,
}
