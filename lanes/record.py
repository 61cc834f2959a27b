"""A record on its way: as polled from Kafka, as it waits in the inbox, as a message to send."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from lanes.text import Headers, as_bytes


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One record of a partition, not decoded.

    `log_time` is the broker's append time, unless `is_stamped_by_broker` is false: then it is the
    producer's. `written_at_ms` is when the transaction that wrote it began, in milliseconds since
    1970; None when it did not come from the outbox. `traceparent` holds the contexts of the sampled
    traces it belongs to.
    """

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    log_time: datetime
    replays: int = 0
    is_stamped_by_broker: bool = True
    written_at_ms: int | None = None
    traceparent: str | None = None
    headers: Headers = ()


@dataclass(frozen=True, slots=True)
class InboxRecord:
    """A record that was ingested and not yet settled; `log_time` is the broker's append time.

    `key`, `payload` and `headers` are text as lanes/text.py makes it of bytes. `attempts` counts
    the failed settles it took part in; `replays` how often it was replayed after it had become a
    dead letter. `traceparent` holds the contexts of the sampled traces it belongs to
    (lanes/tracing.py).
    """

    topic: str
    partition: int
    offset: int
    key: str
    payload: str
    log_time: datetime
    attempts: int = 0
    first_failed_at: datetime | None = None
    replays: int = 0
    ingested_at_s: float | None = field(
        default=None, compare=False
    )  # since 1970; set once it is in
    traceparent: str | None = field(default=None, compare=False)
    headers: str | None = None

    @property
    def value(self) -> bytes:
        """The value as it was in Kafka."""
        return as_bytes(self.payload)


RecordsByKey = Mapping[str, Sequence[InboxRecord]]
"""By the key of their lane, records of one topic, those of a lane in offset order."""


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """A message that leaves for Kafka once the transaction that wrote it is committed.

    `key`, `payload` and `headers` are text as lanes/text.py makes it of bytes. The platform sets
    `traceparent`, to the contexts of the sampled records that caused it.
    """

    topic: str
    key: str
    payload: str
    traceparent: str | None = None
    headers: str | None = None
