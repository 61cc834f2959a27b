"""Relay: outbox → Kafka, in id order; one active, by advisory lock, others stand by.

The producer's buffer has no bound of its own. It needs none here: nothing is read from the outbox
before the batch in hand is acknowledged, or given up together with its producer.
"""

import select
import time
from datetime import datetime

from kafka import KafkaProducer
from sqlalchemy import Connection

from app.adapters.postgres import inbox
from app.adapters.postgres.locks import RELAY_LOCK
from app.observability import metrics
from app.services.lanes import OutboxMessage
from bridge.standing_by import StandingBy, post

POLL_S = 0.5  # a NOTIFY comes at once; this is for the one that was lost


class Relay(StandingBy):
    """Sends what transactions left in the outbox, each message at least once."""

    name = "relay"
    lock = RELAY_LOCK

    def open(self) -> None:
        """Connect to both sides, and be told of what is new."""
        super().open()
        if self._connection is not None:
            self._connection.exec_driver_sql("LISTEN outbox")

    def act(self, connection: Connection, producer: KafkaProducer) -> None:
        """Send one batch, or wait for something to send."""
        limits = self._settings.limits
        batch = inbox.next_out(
            connection, limit=limits.relay_batch_max, bytes_max=limits.relay_bytes_max
        )
        if batch:
            self._send(connection, producer, batch)
        else:
            _wait(connection, POLL_S)

    def _send(
        self,
        connection: Connection,
        producer: KafkaProducer,
        batch: list[tuple[int, OutboxMessage, datetime]],
    ) -> None:
        futures = [post(producer, message) for _, message, _ in batch]
        producer.flush(timeout=self._settings.limits.produce_timeout_s)
        failed_lanes: set[tuple[str, str]] = set()
        sent: list[int] = []
        for (row_id, message, _), future in zip(batch, futures, strict=True):
            lane = (message.topic, message.key)
            # After a failed send nothing later of that key is forgotten: it is sent again, so
            # that the last state everybody sees is the last one there is.
            if lane in failed_lanes or not future.succeeded():
                failed_lanes.add(lane)
            else:
                sent.append(row_id)
                metrics.RELAYED.labels(message.topic).inc()
        inbox.mark_sent(connection, sent)
        oldest = batch[0][2]
        metrics.RELAY_LAG.observe(max(0.0, time.time() - oldest.timestamp()))
        if failed_lanes:
            raise ConnectionError(f"{len(failed_lanes)} lanes were not acknowledged")


def _wait(connection: Connection, seconds: float) -> None:
    """Until a notification, or `seconds`."""
    raw = connection.connection.driver_connection
    if raw is None:
        raise ConnectionError("no connection")
    select.select([raw], [], [], seconds)
    raw.poll()
    raw.notifies.clear()
