"""A line for every receipt, never sampled: a bid's id and the position of its record.

They name what was acknowledged when Kafka's data is lost (docs/ownership.md). They contain no
amount and no key, because a bidder's maximum is private.

Adding a line never waits: a greenlet drains the lines and writes them (app/web/receipts.py). While
standard output is not read they wait here, up to a bound; further lines are lost, and a line says
how many. The bids themselves are in Kafka.
"""

from collections.abc import Sequence

from app.observability import metrics


class ReceiptLines:
    """The lines of this process that are not written yet; keeps none until `open` is called."""

    def __init__(self) -> None:
        self._bytes_max = self._bytes = self._lost = 0
        self._lines: list[str] = []

    def open(self, *, bytes_max: int) -> None:
        """Keep lines from now on, up to `bytes_max` bytes that wait."""
        self._bytes_max = bytes_max

    def add(
        self,
        *,
        bid_id: str,
        bidder_id: int,
        auction_id: int,
        partition: int,
        offset: int,
        log_time: str,
    ) -> None:
        """Keep the receipt of one bid, of which all texts are ours: none has to be escaped."""
        if not self._bytes_max:
            return
        line = (
            f'{{"stream":"receipts","event":"receipt","bid_id":"{bid_id}",'
            f'"bidder_id":{bidder_id},"auction_id":{auction_id},"topic":"auction-bid",'
            f'"partition":{partition},"offset":{offset},"log_time":"{log_time}"}}\n'
        )
        if self._bytes + len(line) > self._bytes_max:
            self.count_lost(1)
            return
        self._bytes += len(line)
        self._lines.append(line)

    def count_lost(self, lines: int) -> None:
        """Count lines that could not be written."""
        self._lost += lines
        metrics.UNWRITTEN_RECEIPTS.inc(lines)

    def drain(self) -> Sequence[str]:
        """Return the lines that wait, oldest first; the last one says how many were lost, if
        any."""
        lines, self._lines, self._bytes = self._lines, [], 0
        if self._lost:
            lines.append(f'{{"stream":"receipts","event":"receipts_lost","lines":{self._lost}}}\n')
            self._lost = 0
        return lines


RECEIPTS = ReceiptLines()
"""Those of this process."""
