"""The port `LogReader`: reads a topic from one offset to another, without a consumer group."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from kafka.partitioner.default import murmur2

from lanes.audit.ports import LogRecord
from lanes.errors import OutageError
from lanes.kafka.connect import REQUEST_MS_MIN
from lanes.kafka.coordinators import ask_coordinator
from lanes.kafka.security import client_arguments
from lanes.kafka.topic_settings import LOG_APPEND_TIME
from lanes.kafka.unreachable import why_unreachable
from lanes.settings import KafkaSettings
from lanes.text import as_bytes
from lanes.time import epoch_ms, from_epoch_ms
from lanes.topic import Topic

POLL_RECORDS_MAX = 2_000
POLL_MS = 500
CONNECT_MS_MAX = 10_000  # a broker that is there answers in milliseconds
STALL_S = 30.0  # a broker that restarts is back by then


class KafkaLogReader:
    """Reads topics; connects on first use."""

    def __init__(self, kafka: KafkaSettings, *, name: str, wait_s: float | None = None) -> None:
        """`wait_s`: how long to wait for a broker that does not answer; None: as an operator."""
        self._kafka = kafka
        self._name = name
        self._connect_ms = CONNECT_MS_MAX if wait_s is None else int(wait_s * 1000)
        self._stall_s = STALL_S if wait_s is None else wait_s

    def close(self) -> None:
        """Disconnect."""
        if "_consumer" in self.__dict__:
            self._consumer.close(autocommit=False)

    def bounds(self, topic: Topic) -> dict[int, tuple[int, int]]:
        """Return by partition the first offset and the end offset."""
        with _reached(self._kafka):
            topic_partitions = _partitions(topic)
            first = self._consumer.beginning_offsets(topic_partitions)
            end = self._consumer.end_offsets(topic_partitions)
            return {
                topic_partition.partition: (first[topic_partition], end[topic_partition])
                for topic_partition in topic_partitions
            }

    def offsets_at(self, topic: Topic, moment: datetime) -> dict[int, int]:
        """Return by partition the offset of the first record appended at `moment` or later."""
        bounds = self.bounds(topic)
        with _reached(self._kafka):
            offsets = dict.fromkeys(_partitions(topic), epoch_ms(moment))
            found = self._consumer.offsets_for_times(offsets)
        return {
            topic_partition.partition: bounds[topic_partition.partition][1]
            if at is None
            else at.offset
            for topic_partition, at in found.items()
        }

    def committed(self, group: str, topic: Topic) -> dict[int, int]:
        """Return by partition the offset the group has committed."""
        with _reached(self._kafka):
            offsets = ask_coordinator(
                self._kafka,
                lambda admin: admin.list_group_offsets({group: _partitions(topic)})[group],
                timeout_ms=self._connect_ms,
            )
        return {
            topic_partition.partition: at.offset
            for topic_partition, at in offsets.items()
            if at.offset >= 0
        }

    def last(self, topic: Topic) -> list[LogRecord]:
        """Return the last record of each partition that has one, over one connection."""
        bounds = self.bounds(topic)
        offsets = {
            TopicPartition(topic.name, partition): end - 1
            for partition, (first, end) in bounds.items()
            if first < end
        }
        with _reached(self._kafka):
            self._consumer.assign(list(offsets))
            for topic_partition, offset in offsets.items():
                self._consumer.seek(topic_partition, offset)
            return self._last_polled(offsets)

    def _last_polled(self, offsets: dict[TopicPartition, int]) -> list[LogRecord]:
        gives_up_at = time.monotonic() + self._stall_s
        found: dict[TopicPartition, LogRecord] = {}
        while found.keys() != offsets.keys():
            if time.monotonic() > gives_up_at:
                raise OutageError("Kafka does not give the last records of a topic")
            for topic_partition, records in self._consumer.poll(timeout_ms=POLL_MS).items():
                found[topic_partition] = _record(records[-1])
        return list(found.values())

    def partition_of(self, topic: Topic, lane: str) -> int:
        """Return the partition of the records with this key."""
        return int((murmur2(as_bytes(lane)) & 0x7FFFFFFF) % topic.partitions)

    def read(self, topic: str, partition: int, *, first: int, until: int) -> Iterator[LogRecord]:
        """Yield the records from offset `first` to `until`, exclusive."""
        if first >= until:
            return
        with _reached(self._kafka):
            topic_partition = TopicPartition(topic, partition)
            self._consumer.assign([topic_partition])
            self._consumer.seek(topic_partition, first)
            for raw in self._polled(topic_partition, until):
                yield _record(raw)

    def _polled(self, topic_partition: TopicPartition, until: int) -> Iterator[Any]:
        stalls_at = time.monotonic() + self._stall_s
        while self._consumer.position(topic_partition) < until:
            records = self._consumer.poll(timeout_ms=POLL_MS).get(topic_partition, ())
            for record in records:
                if record.offset >= until:
                    return
                yield record
            if records:
                stalls_at = time.monotonic() + self._stall_s
            elif time.monotonic() > stalls_at:
                raise OutageError(
                    f"Kafka gives nothing of {topic_partition.topic}/{topic_partition.partition}"
                )

    @cached_property
    def _consumer(self) -> KafkaConsumer:
        return KafkaConsumer(
            **client_arguments(self._kafka),
            client_id=self._name,
            bootstrap_timeout_ms=self._connect_ms,
            request_timeout_ms=max(self._connect_ms, REQUEST_MS_MIN),
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            allow_auto_create_topics=False,
            max_poll_records=POLL_RECORDS_MAX,
            metrics_enabled=False,
        )


def _record(raw: Any) -> LogRecord:  # noqa: ANN401 - kafka-python has no types
    return LogRecord(
        raw.topic, raw.partition, raw.offset, raw.key, raw.value or b"",
        from_epoch_ms(raw.timestamp), raw.timestamp_type == LOG_APPEND_TIME,
    )  # fmt: skip


def _partitions(topic: Topic) -> list[TopicPartition]:
    return [TopicPartition(topic.name, number) for number in range(topic.partitions)]


@contextmanager
def _reached(kafka: KafkaSettings) -> Iterator[None]:
    try:
        yield
    except KafkaError as error:
        raise OutageError(f"Kafka cannot be reached: {why_unreachable(kafka, error)}") from error
