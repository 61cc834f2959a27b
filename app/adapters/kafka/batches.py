"""Appending to the batches of Kafka's client, whose records are answered batch by batch.

`KafkaProducer.send` makes a future of each record, with locks and callbacks of its own: a fifth of
what a gateway spends on a bid. But the records of a batch share one answer. So only the first of a
batch is given to `send`, which opens the batch, checks everything and wakes the sender; the others
are written into that batch, and one callback answers them all. Batches, retries, timeouts and order
stay the client's. tests/unit/adapters/test_batches.py fails when another version of the client
differs in what is used of it here.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from kafka import KafkaProducer
from kafka.producer.future import FutureProduceResult
from kafka.producer.future import RecordMetadata as KafkaMetadata
from kafka.producer.producer_batch import ProducerBatch
from kafka.structs import TopicPartition
from msgspec import Struct

from app.services.log import RecordMetadata
from lanes import from_epoch_ms
from lanes.tracing import Headers

R = TypeVar("R")

NO_TIME: Final = (None, -1)  # of an answer, where the topic keeps the producer's times


class Batches(Generic[R]):
    """Appends records of type R, safe from any number of threads or greenlets.

    Each is answered once, by the sender: `on_acknowledged` with its position, or `on_failed` with
    the error of the client. Neither may raise or block.
    """

    def __init__(
        self,
        producer: KafkaProducer,
        *,
        on_acknowledged: Callable[[R, RecordMetadata], None],
        on_failed: Callable[[R, Exception], None],
    ) -> None:
        self._producer, self._accumulator = producer, producer._accumulator  # noqa: SLF001 - it has no other seam
        self._on_acknowledged, self._on_failed = on_acknowledged, on_failed
        self._open: dict[TopicPartition, ProducerBatch] = {}  # that were opened here

    def append(
        self, partition: TopicPartition, *, key: bytes, value: bytes, headers: Headers, record: R
    ) -> None:
        """Append to a batch. Raise KafkaError when nothing was appended."""
        if not self._append_to_open(partition, key, value, headers, record):
            self._open_with(partition, key, value, headers, record)

    def _append_to_open(
        self, partition: TopicPartition, key: bytes, value: bytes, headers: Headers, record: R
    ) -> bool:
        """Whether the newest batch of the partition was opened here and has taken the record."""
        open_batch = self._open.get(partition)
        if open_batch is None:
            return False
        accumulator = self._accumulator
        with accumulator._tp_lock(partition):  # noqa: SLF001
            waiting = accumulator._batches[partition]  # noqa: SLF001
            if not waiting or waiting[-1] is not open_batch or accumulator._closed:  # noqa: SLF001
                return False
            written = open_batch.records.append(None, key, value, headers)
            if written is None:  # it is full, or has been sent
                return False
            entry = _Entry(written.offset, written.timestamp, record, self)
            open_batch._record_futures.append(entry)  # noqa: SLF001
            return True

    def _open_with(
        self, partition: TopicPartition, key: bytes, value: bytes, headers: Headers, record: R
    ) -> None:
        future = self._producer.send(
            partition.topic, partition=partition.partition, key=key, value=value, headers=headers
        )
        self._keep_open(partition, future._produce_future)  # noqa: SLF001
        future._add_cb_eb(  # noqa: SLF001 - both under one lock
            lambda metadata: self._on_acknowledged(record, _metadata_of(metadata)),
            lambda error: self._on_failed(record, error),
        )

    def _keep_open(self, partition: TopicPartition, answer: FutureProduceResult) -> None:
        with self._accumulator._tp_lock(partition):  # noqa: SLF001
            waiting = self._accumulator._batches[partition]  # noqa: SLF001
            batch = waiting[-1] if waiting else None
            if batch is None or batch.produce_future is not answer:
                return  # it has been sent already
            if self._open.get(partition) is not batch:  # else another thread has opened it
                self._open[partition] = batch
                answer.add_callback(self._answer_all, batch)

    def _forget(self, batch: ProducerBatch) -> None:
        partition = batch.topic_partition
        with self._accumulator._tp_lock(partition):  # noqa: SLF001
            if self._open.get(partition) is batch:
                del self._open[partition]

    def _answer_all(self, batch: ProducerBatch, answer: tuple[int, int | None, Any]) -> None:
        """Answer the records that were written into the batch, but for the first one."""
        self._forget(batch)
        partition: int = batch.topic_partition.partition
        base_offset, log_time_ms, error_of = answer
        log_time = _log_time(log_time_ms)
        for entry in batch._record_futures:  # noqa: SLF001
            if type(entry) is not _Entry or entry.is_moved:
                continue  # a future of the client, or of a batch that was split
            if error_of is not None:
                entry.fail(error_of)
            else:
                entry.acknowledge(partition, base_offset, log_time)


class _Entry(Struct):
    """A record in a batch; stands there for the client's future of a record."""

    index: int
    timestamp_ms: int
    record: Any
    batches: Batches[Any]
    is_moved: bool = False

    def acknowledge(self, partition: int, base_offset: int, log_time: datetime | None) -> None:
        """Answer with the record's position; its batch begins at this offset."""
        metadata = RecordMetadata(
            partition, base_offset + self.index, log_time or from_epoch_ms(self.timestamp_ms)
        )
        self.batches._on_acknowledged(self.record, metadata)  # noqa: SLF001

    def fail(self, error_of: Callable[[int], Exception]) -> None:
        """Answer with the error of the record."""
        self.batches._on_failed(self.record, error_of(self.index))  # noqa: SLF001

    def rebind(self, answer: FutureProduceResult, index: int) -> None:
        """Belong to another batch: the client splits one that is too large for the broker."""
        self.index, self.is_moved = index, True
        answer.add_callback(self._answered, answer.topic_partition.partition)

    def _answered(self, partition: int, answer: tuple[int, int | None, Any]) -> None:
        base_offset, log_time_ms, error_of = answer
        if error_of is not None:
            self.fail(error_of)
        else:
            self.acknowledge(partition, base_offset, _log_time(log_time_ms))


def _log_time(log_time_ms: int | None) -> datetime | None:
    """Return the broker's append time; None where the topic keeps the producer's times."""
    return None if log_time_ms in NO_TIME else from_epoch_ms(log_time_ms)


def _metadata_of(metadata: KafkaMetadata) -> RecordMetadata:
    """Return the position of a record from the client's metadata."""
    return RecordMetadata(metadata.partition, metadata.offset, from_epoch_ms(metadata.timestamp))
