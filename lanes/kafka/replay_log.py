"""Appends records of any bytes to Kafka again: the port `ReplayLog`."""

import threading

from kafka import KafkaProducer
from kafka.errors import KafkaError, MessageSizeTooLargeError

from lanes.errors import OutageError, RecordTooLargeError, UnacknowledgedError
from lanes.kafka.connect import make_producer
from lanes.kafka.unreachable import why_unreachable
from lanes.settings import KafkaSettings
from lanes.text import Headers

ACK_MARGIN_S = 1.0  # the client's own deadline comes first


class KafkaReplayLog:
    """Connects on first use, so after any fork; safe from any number of threads."""

    def __init__(self, kafka: KafkaSettings, *, name: str) -> None:
        self._kafka, self._name = kafka, name
        self._connecting = threading.Lock()
        self._producer: KafkaProducer | None = None

    def connect(self) -> None:
        """Connect, unless connected. Raise OutageError."""
        self._connected()

    def append(
        self,
        topic: str,
        partition: int,
        *,
        key: bytes | None,
        value: bytes,
        headers: Headers,
    ) -> int:
        """Append exactly these bytes and wait; return the offset.

        Raise OutageError or RecordTooLargeError (not appended), or UnacknowledgedError (may be
        appended).
        """
        producer = self._connected()
        try:
            future = producer.send(
                topic, partition=partition, key=key, value=value, headers=list(headers)
            )
        except MessageSizeTooLargeError as error:
            raise RecordTooLargeError(str(error)) from error
        except KafkaError as error:
            raise OutageError(f"Kafka cannot be reached: {error}") from error
        try:
            return int(future.get(timeout=self._kafka.produce_timeout_s + ACK_MARGIN_S).offset)
        except MessageSizeTooLargeError as error:
            raise RecordTooLargeError(str(error)) from error
        except KafkaError as error:
            raise UnacknowledgedError("no acknowledgement in time") from error

    def close(self) -> None:
        """Disconnect."""
        if self._producer is not None:
            self._producer.close(timeout=1)
            self._producer = None

    def _connected(self) -> KafkaProducer:
        with self._connecting:
            if self._producer is None:
                try:
                    self._producer = make_producer(self._kafka, name=self._name)
                except KafkaError as error:
                    why = why_unreachable(self._kafka, error)
                    raise OutageError(f"Kafka cannot be reached: {why}") from error
            return self._producer
