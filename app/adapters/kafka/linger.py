"""How long a batch waits for more records: longer while many come.

Each batch and each request costs a gateway and Kafka as much as several records. With the pause of
a quiet hour a batch had two bids at 3,000 bids/s on ten auctions (docs/performance.md).
"""

from typing import Final

from kafka import KafkaProducer

BUSY_MS: Final = 25  # a fifth of what passes until the outcome then
BUSY_PER_S: Final = 300.0  # records of all topics: seven in that time
PERIOD_S: Final = 0.25  # over which they are counted


class Linger:
    """Sets the `linger_ms` of a producer by how many records it is given.

    Not more often than each PERIOD_S; the first record after a pause finds the quiet value. Calls
    from several threads can do no harm.
    """

    def __init__(self, producer: KafkaProducer) -> None:
        """The quiet value is what the producer was made with."""
        self._config = producer._accumulator.config  # noqa: SLF001 - read for each request
        self._quiet_ms = self._config["linger_ms"]
        self._records, self._since = 0, float("-inf")

    def count(self, now: float) -> None:
        """Count a record that is appended `now`, in monotonic seconds."""
        self._records += 1
        passed_s = now - self._since
        if passed_s >= PERIOD_S:
            is_busy = self._records >= BUSY_PER_S * passed_s
            self._config["linger_ms"] = BUSY_MS if is_busy else self._quiet_ms
            self._records, self._since = 0, now
