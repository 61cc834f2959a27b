"""Relay: outbox → Kafka, in id order; one active, by advisory lock, others stand by.

The producer's buffer has no bound of its own. It needs none here: nothing is read from the outbox
before the batch in hand is acknowledged, or given up together with its producer.
"""

import select
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog
from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError
from sqlalchemy import Connection, Engine

from lanes import metrics, tracing
from lanes.pacing import Pace
from lanes.pipelines.leader_elected import LeaderElectedProducer
from lanes.postgres import outbox
from lanes.postgres.locks import RELAY_LOCK
from lanes.postgres.outbox import Outgoing
from lanes.settings import KafkaSettings, LaneLimits
from lanes.tracing import Stage, StageSpans, headers_of

log = structlog.get_logger()

POLL_S = 0.5  # a NOTIFY comes at once; this is for the one that was lost
# A batch takes about 2 ms of CPU here, in PostgreSQL and in Kafka. Settles of several lanes end one
# shortly after the other: a message or two of them waits for the rest.
PAUSE_S = 0.02
STEP_S = 1.0  # for acknowledgements, in one step
FLUSH_S = 0.1  # for those of each of the producer's batches, at a time


@dataclass(frozen=True, slots=True)
class _Sending:
    """A batch that was given to the producer, the future of each message, and their spans."""

    batch: Sequence[Outgoing]
    futures: Sequence[Any]
    spans: StageSpans
    ends_at: float  # monotonic; what is not acknowledged by then has failed


class Relay(LeaderElectedProducer):
    """Sends the messages of the outbox, each at least once."""

    name = "relay"
    lock = RELAY_LOCK

    def __init__(self, *, kafka: KafkaSettings, engine: Engine, limits: LaneLimits) -> None:
        super().__init__(kafka=kafka, engine=engine)
        self._limits = limits
        self._pace = Pace()
        self._sending: _Sending | None = None

    def open(self) -> None:
        """Connect to PostgreSQL and Kafka, and listen for notifications."""
        self._sending = None
        super().open()
        if self._connection is not None:
            self._connection.exec_driver_sql("LISTEN outbox")

    def act(self, connection: Connection) -> None:
        """Send one batch, wait for its acknowledgements, or wait for messages."""
        limits = self._limits
        if self._sending is None:
            batch = outbox.next_out(
                connection, limit=limits.relay_batch_max, bytes_max=limits.relay_bytes_max
            )
            if not batch:
                _wait(connection, POLL_S)
                return
            self._sending = self._send(batch)
        sending = self._sending
        if not self._is_over(sending):
            return
        self._sending = None
        with sending.spans:
            _finish(connection, sending)
        if len(sending.batch) < limits.relay_batch_max:
            self._pace.pause(items=len(sending.batch), longest_s=PAUSE_S)

    def _send(self, batch: Sequence[Outgoing]) -> _Sending:
        spans = tracing.spans(Stage.RELAY)
        batch = spans.continue_traces(batch)
        ends_at = time.monotonic() + self._kafka.produce_timeout_s
        return _Sending(batch, _post_all(self.producer, batch), spans, ends_at)

    def _is_over(self, sending: _Sending) -> bool:
        """Wait, for STEP_S at most, until all of it is acknowledged or has failed."""
        ends_at = time.monotonic() + STEP_S
        while True:
            with suppress(KafkaTimeoutError):
                self.producer.flush(timeout=FLUSH_S)
                return True
            now = time.monotonic()
            if now >= min(ends_at, sending.ends_at):
                return now >= sending.ends_at


def _finish(connection: Connection, sending: _Sending) -> None:
    """Delete what was acknowledged. Raise ConnectionError when not all of it was."""
    failed_lanes: set[tuple[str, str]] = set()
    sent_ids: list[int] = []
    for message, future in zip(sending.batch, sending.futures, strict=True):
        lane = (message.topic, message.lane)
        # After a failed send nothing later of that key is forgotten: it is sent again, so
        # that the last state everybody sees is the last one there is.
        if lane in failed_lanes or future is None or not future.succeeded():
            failed_lanes.add(lane)
        else:
            sent_ids.append(message.row_id)
            metrics.RELAYED.labels(message.topic).inc()
    outbox.mark_sent(connection, sent_ids)
    metrics.RELAY_LAG.observe(max(0.0, time.time() - sending.batch[0].written_at.timestamp()))
    if failed_lanes:
        raise ConnectionError(f"{len(failed_lanes)} lanes were not acknowledged")


def _post_all(producer: KafkaProducer, batch: Sequence[Outgoing]) -> list[Any]:
    """The future of each message; None where the client refuses its topic, which may be gone.

    Such a topic is tried once, because the client waits for it each time: the others go on.
    """
    refused: set[str] = set()
    futures = []
    for message in batch:
        future = None
        if message.topic not in refused:
            try:
                future = _post(producer, message)
            except KafkaError as error:
                refused.add(message.topic)
                log.warning("topic_refused", topic=message.topic, error=type(error).__name__)
        futures.append(future)
    return futures


def _post(producer: KafkaProducer, message: Outgoing) -> Any:  # noqa: ANN401 - kafka-python has no types
    return producer.send(
        message.topic,
        key=message.key,
        value=message.value,
        partition=message.partition,
        headers=[*message.headers, *headers_of(message.traceparent)],
    )


def _wait(connection: Connection, seconds: float) -> None:
    """Until a notification, or `seconds`."""
    raw = connection.connection.driver_connection
    if raw is None:
        raise ConnectionError("no connection")
    select.select([raw], [], [], seconds)
    raw.poll()
    raw.notifies.clear()
