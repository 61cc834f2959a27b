"""Relay: outbox → Kafka, in id order; one active, by advisory lock, others stand by.

The producer's buffer has no bound of its own. It needs none here: nothing is read from the outbox
before the batch in hand is acknowledged, or given up together with its producer.
"""

import select
import time
from datetime import datetime
from typing import Any

from kafka import KafkaProducer
from sqlalchemy import Connection, Engine

from app.adapters.kafka.connect import make_producer
from app.adapters.postgres import inbox
from app.adapters.postgres.locks import RELAY_LOCK, try_lock
from app.observability import metrics
from app.services.lanes import OutboxMessage
from app.settings import Settings

STANDBY_S = 1.0
POLL_S = 0.5  # a NOTIFY comes at once; this is for the one that was lost


class Relay:
    """Sends what transactions left in the outbox, each message at least once."""

    name = "relay"

    def __init__(self, *, settings: Settings, engine: Engine) -> None:
        self._settings = settings
        self._engine = engine
        self._producer: KafkaProducer | None = None
        self._connection: Connection | None = None
        self._active = False

    def open(self) -> None:
        """Connect to both sides; whoever gets the lock is active."""
        self._active = False
        self._producer = make_producer(self._settings, name=self.name)
        self._connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        self._connection.exec_driver_sql("LISTEN outbox")

    def close(self) -> None:
        """Let go of both; the lock goes with the connection."""
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None
        if self._producer is not None:
            self._producer.close(timeout=1)
            self._producer = None

    def step(self) -> None:
        """Send one batch, or wait for something to send."""
        connection = self._connected()
        self._active = self._active or try_lock(connection, RELAY_LOCK)
        if not self._active:
            self._wait(connection, STANDBY_S)
            return
        limits = self._settings.limits
        batch = inbox.next_out(
            connection, limit=limits.relay_batch_max, bytes_max=limits.relay_bytes_max
        )
        if not batch:
            self._wait(connection, POLL_S)
            return
        self._send(connection, batch)

    def _connected(self) -> Connection:
        if self._connection is None:
            raise RuntimeError("not open")
        return self._connection

    def _send(
        self, connection: Connection, batch: list[tuple[int, OutboxMessage, datetime]]
    ) -> None:
        if self._producer is None:
            raise RuntimeError("not open")
        futures = [self._post(self._producer, message) for _, message, _ in batch]
        self._producer.flush(timeout=self._settings.limits.produce_timeout_s)
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

    @staticmethod
    def _post(producer: KafkaProducer, message: OutboxMessage) -> Any:  # noqa: ANN401
        return producer.send(
            message.topic, key=message.key.encode(), value=message.payload.encode()
        )

    @staticmethod
    def _wait(connection: Connection, seconds: float) -> None:
        """Until a notification, or `seconds`."""
        raw = connection.connection.driver_connection
        if raw is None:
            raise ConnectionError("no connection")
        select.select([raw], [], [], seconds)
        raw.poll()
        raw.notifies.clear()
