"""Relay: outbox → Kafka, in id order; one active, by advisory lock, others stand by.

The producer's buffer has no bound of its own. It needs none here: nothing is read from the outbox
before the batch in hand is acknowledged, or given up together with its producer.
"""

import select
import time
from collections.abc import Sequence
from typing import Any

import structlog
from kafka import KafkaProducer
from kafka.errors import KafkaError
from sqlalchemy import Connection, Engine

from lanes import metrics, tracing
from lanes.pacing import Pace
from lanes.pipelines.leader_elected import LeaderElectedProducer
from lanes.postgres import outbox
from lanes.postgres.locks import RELAY_LOCK
from lanes.postgres.outbox import Outgoing
from lanes.settings import KafkaSettings, LaneLimits
from lanes.tracing import Stage, headers_of

log = structlog.get_logger()

POLL_S = 0.5  # a NOTIFY comes at once; this is for the one that was lost
# A batch takes about 2 ms of CPU here, in PostgreSQL and in Kafka. Settles of several lanes end one
# shortly after the other: a message or two of them waits for the rest.
PAUSE_S = 0.02


class Relay(LeaderElectedProducer):
    """Sends the messages of the outbox, each at least once."""

    name = "relay"
    lock = RELAY_LOCK

    def __init__(self, *, kafka: KafkaSettings, engine: Engine, limits: LaneLimits) -> None:
        super().__init__(kafka=kafka, engine=engine)
        self._limits = limits
        self._pace = Pace()

    def open(self) -> None:
        """Connect to PostgreSQL and Kafka, and listen for notifications."""
        super().open()
        if self._connection is not None:
            self._connection.exec_driver_sql("LISTEN outbox")

    def act(self, connection: Connection) -> None:
        """Send one batch, or wait for messages."""
        limits = self._limits
        batch = outbox.next_out(
            connection, limit=limits.relay_batch_max, bytes_max=limits.relay_bytes_max
        )
        if batch:
            with tracing.spans(Stage.RELAY) as spans:
                self._send(connection, spans.continue_traces(batch))
            if len(batch) < limits.relay_batch_max:
                self._pace.pause(items=len(batch), longest_s=PAUSE_S)
        else:
            _wait(connection, POLL_S)

    def _send(self, connection: Connection, batch: Sequence[Outgoing]) -> None:
        futures = _post_all(self.producer, batch)
        self.producer.flush(timeout=self._kafka.produce_timeout_s)
        failed_lanes: set[tuple[str, str]] = set()
        sent_ids: list[int] = []
        for message, future in zip(batch, futures, strict=True):
            lane = (message.topic, message.lane)
            # After a failed send nothing later of that key is forgotten: it is sent again, so
            # that the last state everybody sees is the last one there is.
            if lane in failed_lanes or future is None or not future.succeeded():
                failed_lanes.add(lane)
            else:
                sent_ids.append(message.row_id)
                metrics.RELAYED.labels(message.topic).inc()
        outbox.mark_sent(connection, sent_ids)
        metrics.RELAY_LAG.observe(max(0.0, time.time() - batch[0].written_at.timestamp()))
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
