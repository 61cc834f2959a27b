"""Leader election: of all processes that run one, a single one is active.

The lock is PostgreSQL's and belongs to the connection, so that of a dead process is free at once.
"""

import time
from abc import ABC, abstractmethod
from typing import Any, ClassVar

from kafka import KafkaProducer
from sqlalchemy import Connection, Engine

from lanes.kafka.connect import make_producer
from lanes.postgres.locks import try_lock
from lanes.record import OutboxMessage
from lanes.settings import KafkaSettings
from lanes.text import as_bytes

STANDBY_S = 1.0


class LeaderElected(ABC):
    """A pipeline on PostgreSQL, active while it holds `lock`."""

    name: str
    lock: ClassVar[int]

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._is_active = False

    def open(self) -> None:
        """Connect."""
        self._is_active = False
        self._connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")

    def close(self) -> None:
        """Disconnect, which releases the lock."""
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None

    def step(self) -> None:
        """Act while holding the lock; else wait STANDBY_S."""
        if self._connection is None:
            raise RuntimeError("not open")
        self._is_active = self._is_active or try_lock(self._connection, self.lock)
        if self._is_active:
            self.act(self._connection)
        else:
            time.sleep(STANDBY_S)

    @abstractmethod
    def act(self, connection: Connection) -> None:
        """Process one batch, or wait for one."""


class LeaderElectedProducer(LeaderElected):
    """A pipeline from PostgreSQL to Kafka."""

    def __init__(self, *, kafka: KafkaSettings, engine: Engine) -> None:
        super().__init__(engine)
        self._kafka = kafka
        self._producer: KafkaProducer | None = None

    @property
    def producer(self) -> KafkaProducer:
        """The producer, while it is open."""
        if self._producer is None:
            raise RuntimeError("not open")
        return self._producer

    def open(self) -> None:
        """Connect to Kafka and PostgreSQL."""
        self._producer = make_producer(self._kafka, name=self.name)
        super().open()

    def close(self) -> None:
        """Disconnect from both."""
        super().close()
        if self._producer is not None:
            self._producer.close(timeout=1)
            self._producer = None


def post(producer: KafkaProducer, message: OutboxMessage) -> Any:  # noqa: ANN401 - kafka-python has no types
    """Give a message to the producer; return its future."""
    return producer.send(message.topic, key=as_bytes(message.key), value=as_bytes(message.payload))
