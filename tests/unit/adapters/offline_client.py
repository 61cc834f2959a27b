"""Kafka's client without a broker: its own batches, and a sender that tests play."""

from types import SimpleNamespace
from typing import Any

from kafka import KafkaProducer
from kafka.producer.producer_batch import ProducerBatch
from kafka.producer.record_accumulator import RecordAccumulator
from kafka.record.memory_records import MemoryRecords
from kafka.structs import TopicPartition

PARTITIONS = 12


class OfflineClient(KafkaProducer):  # type: ignore[misc]  # it has no types
    """A KafkaProducer that never connects; `sends` counts the calls of `send`."""

    def __init__(self, *, batch_bytes: int = 16_384) -> None:
        self.config = {**KafkaProducer.DEFAULT_CONFIG, "client_id": "test", "api_version": (4, 0)}
        self._closed = False
        self._transaction_manager = None
        self._metadata = SimpleNamespace(
            topics=lambda: {"auction-bid"},
            partitions_for_topic=lambda _: set(range(PARTITIONS)),
            available_partitions_for_topic=lambda _: set(range(PARTITIONS)),
        )
        self._accumulator = RecordAccumulator(batch_size=batch_bytes, compression_attrs=0)
        self._sender = SimpleNamespace(wakeup=self._wake)
        self.sends = self.wakes = 0

    def __del__(self) -> None:
        """Nothing was opened."""

    def send(self, *args: Any, **record: Any) -> Any:
        self.sends += 1
        return super().send(*args, **record)

    def partitions_for(self, topic: str) -> set[int]:
        return set(range(PARTITIONS))

    def waiting(self, partition: TopicPartition) -> list[ProducerBatch]:
        return list(self._accumulator._batches[partition])

    def take(self, partition: TopicPartition) -> ProducerBatch:
        """Return the oldest batch, as the sender drains it for a request."""
        batch = self._accumulator._batches[partition].popleft()
        batch.records.close()
        return batch

    def retry(self, batch: ProducerBatch) -> None:
        self._accumulator.reenqueue(batch)

    def split(self, batch: ProducerBatch) -> None:
        self._accumulator.split_and_reenqueue(batch)

    def close_batches(self) -> None:
        self._accumulator.close()

    def _wake(self) -> None:
        self.wakes += 1


def records_of(batch: ProducerBatch) -> list[tuple[bytes, bytes, list[tuple[str, bytes]]]]:
    """Key, value and headers of each record, as the broker reads the batch."""
    return [
        (bytes(record.key), bytes(record.value), record.headers)
        for part in MemoryRecords(batch.records.buffer())
        for record in part
    ]
