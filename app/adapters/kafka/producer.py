"""The producer of a gateway: one client, created in the background, never waited for.

While there is no broker, while none acknowledges, or while too many bytes wait, calls raise
BusyError at once; without an acknowledgement in time the record's fate is unknown. What waits is
counted per topic, so that one topic is not refused because of another. Created on first use, so
after any fork: a producer from before it never delivers.
"""

import threading
import time
from collections.abc import Callable
from functools import partial

import structlog
from kafka import KafkaProducer
from kafka.errors import KafkaError
from kafka.partitioner import murmur2
from kafka.structs import TopicPartition

from app.adapters.kafka.batches import Batches
from app.adapters.kafka.linger import Linger
from app.adapters.kafka.probe import TopicView, view_topic
from app.adapters.kafka.unacknowledged import Unacknowledged, Waiting
from app.domain.errors import UnavailableError, UnknownFateError
from app.observability import metrics
from app.services.log import OnAcknowledged, RecordMetadata
from app.settings import Settings
from lanes import Topic
from lanes.kafka.connect import make_producer
from lanes.kafka.unreachable import why_unreachable
from lanes.tracing import current_headers

log = structlog.get_logger()

WHY = {
    metrics.LOG_AWAY: "Kafka cannot be reached",
    metrics.LOG_FULL: "too many bytes wait for Kafka's acknowledgement",
    metrics.LOG_STALLED: "Kafka acknowledges nothing",
    metrics.LATE: "Kafka acknowledges too slowly",
}
CONNECT_PAUSE_S = 0.5
ACK_MARGIN_S = 1.0  # the client's own deadline comes first
UNKNOWN_LINE_S = 1.0  # thousands of records may have an unknown fate: one line has their number
KEYS_CACHED_MAX = 20_000  # a hundred bytes each: auctions, or rooms, that something is sent to


class BackgroundProducer:
    """Appends records; safe from any number of threads or greenlets."""

    def __init__(self, settings: Settings, *, topics: tuple[Topic, ...], name: str) -> None:
        self._settings = settings
        self._make = lambda: make_producer(settings.kafka, name=name)
        limits = settings.limits
        self._unacknowledged = {
            topic.name: Unacknowledged(limits.log_queue_bytes_max, stall_s=limits.log_stall_s)
            for topic in topics
        }
        self._timeout_s = limits.produce_timeout_s + ACK_MARGIN_S
        self._producer: KafkaProducer | None = None
        self._linger: Linger | None = None  # of the producer
        self._closed = threading.Event()
        self._connecting: threading.Thread | None = None
        self._unknown = 0  # records, since the last line about them
        self._partitions: dict[str, _Partitions] = {}

    def start(self) -> None:
        """Begin to connect, in the background; for ever, until it works or `close` is called."""
        if self._connecting is None:
            self._connecting = threading.Thread(target=self._connect, daemon=True)
            self._connecting.start()

    def wait_connected(self, timeout_s: float) -> bool:
        """Begin to connect, if not begun; return whether it succeeded within `timeout_s`."""
        self.start()
        if self._connecting is not None:
            self._connecting.join(timeout_s)
        return self._producer is not None

    def view(self, topic: Topic, *, timeout_s: float) -> TopicView:
        """Return the current metadata of `topic`. Raise BusyError when there is no answer in
        time."""
        if self._producer is None:
            raise UnavailableError("not connected")
        return view_topic(self._producer, topic.name, timeout_s=timeout_s)

    def check(self, topic: Topic) -> None:
        """Raise BusyError while a record would be refused, whatever its size."""
        self._usable(topic, 0, time.monotonic())

    def append_soon(self, topic: Topic, *, key: int, value: bytes, done: OnAcknowledged) -> None:
        """Append; `done` gets the record's position, or UnknownFateError, exactly once, later.

        `done` is called by the sender and must not block. Raise BusyError when there is no broker
        or the buffer is full: then nothing was appended, and `done` is never called.
        """
        now = time.monotonic()
        producer, waiting = self._usable(topic, len(value), now)
        if self._linger is not None:
            self._linger.count(now)
        record = waiting.add(len(value), now, done)
        try:
            partitions = self._partitions.get(topic.name) or self._know(producer, topic.name)
            key_bytes, partition = partitions.of(key)
            partitions.batches.append(
                partition, key=key_bytes, value=value, headers=current_headers(), record=record
            )
        except KafkaError as error:
            waiting.remove(record)
            raise _unavailable(topic.name, metrics.LOG_AWAY) from error

    def append(self, topic: Topic, *, key: int, value: bytes) -> RecordMetadata:
        """Append and wait. Raise BusyError (not appended) or UnknownFateError (may be appended)."""
        arrived = threading.Event()
        results: list[RecordMetadata | UnknownFateError] = []

        def done(result: RecordMetadata | UnknownFateError) -> None:
            results.append(result)
            arrived.set()

        self.append_soon(topic, key=key, value=value, done=done)
        if not arrived.wait(self._timeout_s):
            raise UnknownFateError("no acknowledgement in time")
        if isinstance(results[0], UnknownFateError):
            raise results[0]
        return results[0]

    def flush(self, timeout_s: float) -> None:
        """Wait until everything appended is acknowledged or given up, at most `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        while any(self._unacknowledged.values()) and time.monotonic() < deadline:
            time.sleep(0.01)

    def close(self) -> None:
        """Stop; what is not acknowledged within a second is given up."""
        self._closed.set()
        if self._producer is not None:
            self._producer.close(timeout=1)

    def _connected(self, topic: str) -> KafkaProducer:
        self.start()
        if self._producer is None:
            raise _unavailable(topic, metrics.LOG_AWAY)
        return self._producer

    def _usable(self, topic: Topic, size: int, now: float) -> tuple[KafkaProducer, Unacknowledged]:
        producer = self._connected(topic.name)
        waiting = self._unacknowledged[topic.name]
        if waiting.is_full(size):
            raise _unavailable(topic.name, metrics.LOG_FULL)
        if waiting.is_stalled(now):
            raise _unavailable(topic.name, metrics.LOG_STALLED)
        if waiting.is_late(now):
            raise _unavailable(topic.name, metrics.LATE)
        return producer, waiting

    def _know(self, producer: KafkaProducer, topic: str) -> "_Partitions":
        """The partitions of the topic, whose number is fixed for its life. Raises KafkaError."""
        waiting = self._unacknowledged[topic]
        batches: Batches[Waiting] = Batches(
            producer,
            on_acknowledged=partial(self._acknowledged, waiting),
            on_failed=partial(self._failed, waiting),
        )
        partitions = _Partitions(topic, len(producer.partitions_for(topic)), batches)
        self._partitions[topic] = partitions
        return partitions

    def _acknowledged(
        self, waiting: Unacknowledged, record: Waiting, metadata: RecordMetadata
    ) -> None:
        waiting.acknowledge(record, time.monotonic())
        self._complete(record.done, metadata)

    def _failed(self, waiting: Unacknowledged, record: Waiting, error: Exception) -> None:
        waiting.give_up(record)
        self._count_unknown(error)
        self._complete(record.done, UnknownFateError("no acknowledgement in time"))

    def _count_unknown(self, error: Exception) -> None:
        self._unknown += 1
        if self._unknown == 1:
            line = threading.Timer(UNKNOWN_LINE_S, self._log_unknown, [type(error).__name__])
            line.daemon = True
            line.start()

    def _log_unknown(self, error: str) -> None:
        records, self._unknown = self._unknown, 0
        log.warning("appends_unknown", records=records, error=error)

    @staticmethod
    def _complete(done: Callable[..., None], result: RecordMetadata | UnknownFateError) -> None:
        try:
            done(result)
        except Exception:  # a caller must not stop the sender
            log.exception("append_callback_failed")

    def _connect(self) -> None:
        while not self._closed.is_set():
            try:
                producer = self._make()  # type: ignore[no-untyped-call]
            except KafkaError as error:
                why = why_unreachable(self._settings.kafka, error)
                log.warning("kafka_unreachable", error=type(error).__name__, reason=why)
                self._closed.wait(CONNECT_PAUSE_S)
                continue
            self._learn_partitions(producer)
            self._linger = Linger(producer)
            self._producer = producer
            log.info("kafka_connected")
            return

    def _learn_partitions(self, producer: KafkaProducer) -> None:
        # Otherwise the first bid of all would wait for them.
        for topic in self._unacknowledged:
            try:
                self._know(producer, topic)
            except KafkaError as error:
                log.warning("topic_unknown", topic=topic, error=type(error).__name__)


class _Partitions:
    """Where the records of a key go: as the client's own partitioner says, worked out once."""

    def __init__(self, topic: str, count: int, batches: Batches[Waiting]) -> None:
        self.batches = batches
        self._partitions = [TopicPartition(topic, number) for number in range(count)]
        self._keys: dict[int, tuple[bytes, TopicPartition]] = {}

    def of(self, key: int) -> tuple[bytes, TopicPartition]:
        """The key's bytes and its partition."""
        found = self._keys.get(key)
        if found is None:
            if len(self._keys) >= KEYS_CACHED_MAX:
                self._keys.clear()
            key_bytes = b"%d" % key
            number = (murmur2(key_bytes) & 0x7FFFFFFF) % len(self._partitions)
            found = key_bytes, self._partitions[number]
            self._keys[key] = found
        return found


def _unavailable(topic: str, cause: str) -> UnavailableError:
    metrics.REFUSED.labels(topic, cause).inc()
    return UnavailableError(WHY[cause])
