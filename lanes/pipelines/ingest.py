"""Ingest: Kafka → inbox, in offset order, each record once.

`lanes.ingest` decides what is ingested. Kafka's committed offset mirrors progress for tools that
show lag, and is never read.
"""

import time
from collections.abc import Collection, Mapping, Sequence
from typing import Generic, Never

import structlog
from kafka import TopicPartition

from lanes import metrics, tracing
from lanes.backlog import BacklogSource, Watermark
from lanes.bounds import Bounds
from lanes.dead_letter import log_dead_letter, log_parked
from lanes.handler import LaneTopic
from lanes.ingest import Ingestor, IngestorPorts, IngestResult
from lanes.kafka.polling import Polled, Polling
from lanes.pacing import Pace
from lanes.ports import T
from lanes.record import InboxRecord
from lanes.settings import KafkaSettings
from lanes.tracing import Stage
from lanes.wake import Waker

CHECK_S = 1.0
# What a batch costs in all processes, whatever its size, is about 6 ms: its transaction here, a
# task for a worker, and of each lane in it a settle, a message and what gateways make of that. The
# pause after it is about ten times that, which leaves nine tenths of a core for the records.
PAUSE_PER_BATCH_S, PAUSE_PER_LANE_S, PAUSE_MAX_S = 0.05, 0.01, 0.15
FULL_RECORDS = 1_000  # a batch that needs no patience, as when many wait

log = structlog.get_logger()


class Ingest(Generic[T]):
    """The pipeline of one lane topic."""

    def __init__(
        self,
        lane: LaneTopic[Never],
        ports: IngestorPorts[T],
        *,
        kafka: KafkaSettings,
        waker: Waker,
        backlog: BacklogSource,
    ) -> None:
        self.name = f"ingest:{lane.topic.name}"
        self._lane, self._ports = lane, ports
        self._kafka, self._waker = kafka, waker
        self._polling: Polling | None = None
        self._ingestor: Ingestor[T] | None = None
        self._backlog, self._watermark = backlog, Watermark()
        self._checked_at = 0.0
        self._pace = Pace()

    def open(self) -> None:
        """Join the group. Raise StoppedError when the topic has changed."""
        topic = self._lane.topic
        self._polling = Polling(
            self._kafka, group=self._lane.group, topics=(topic,), name=self.name
        )
        self._ingestor = Ingestor(
            self._lane, self._ports, topic_id=self._polling.topic_ids[topic.name]
        )

    def close(self) -> None:
        """Leave the group."""
        if self._polling is not None:
            self._polling.close()
            self._polling = self._ingestor = None

    def step(self) -> None:
        """Ingest the records of one poll."""
        if self._polling is None or self._ingestor is None:
            raise RuntimeError("not open")
        polling, ingestor = self._polling, self._ingestor
        polled = polling.poll()
        self._apply_rebalance(polling, ingestor)
        ingested = self._ingest(polling, ingestor, polled)
        self._check(polling, ingestor)
        polling.pause(None if self._watermark.is_over else self._topic_partitions(ingestor.parked))
        if ingested:
            lanes = len({record.key for record in ingested})
            longest_s = pause_s(records=len(ingested), lanes=lanes)
            self._pace.pause(items=len(ingested), longest_s=longest_s)

    def _apply_rebalance(self, polling: Polling, ingestor: Ingestor[T]) -> None:
        assigned, revoked = polling.changes()
        ingestor.revoke(topic_partition.partition for topic_partition in revoked)
        if assigned:
            self._start(
                polling, ingestor, {topic_partition.partition for topic_partition in assigned}
            )

    def _start(self, polling: Polling, ingestor: Ingestor[T], partitions: Collection[int]) -> None:
        starts = ingestor.start(partitions, lambda requested: self._bounds(polling, requested))
        polling.seek(self._by_topic_partition(starts))
        log.info("partitions_started", topic=self._lane.topic.name, partitions=sorted(starts))

    def _ingest(
        self, polling: Polling, ingestor: Ingestor[T], polled: Polled
    ) -> Sequence[InboxRecord]:
        batches = {topic_partition.partition: batch for topic_partition, batch in polled.items()}
        partitions_with_gap = ingestor.partitions_with_gap(batches)
        if partitions_with_gap:
            ingestor.check_truncated(self._bounds(polling, partitions_with_gap))
        if not batches:
            return ()
        with tracing.spans(Stage.INGEST) as spans:
            ingested = ingestor.ingest(
                {partition: spans.continue_traces(batch) for partition, batch in batches.items()}
            )
        self._report(ingested)
        if ingested.lost:
            log.warning("progress_moved_by_another", partitions=sorted(ingested.lost))
            self._start(polling, ingestor, ingested.lost)
        polling.commit(self._by_topic_partition(ingested.positions))
        return ingested.records

    def _report(self, ingested: IngestResult) -> None:
        topic = self._lane.topic.name
        self._measure(ingested.records)
        for letter in ingested.letters:
            log_dead_letter(letter)
        for partition, parking in ingested.parkings.items():
            log_parked(topic, parking, partition=partition, group=self._lane.group)
        self._waker.wake({(record.topic, record.key) for record in ingested.records})

    def _measure(self, records: Collection[InboxRecord]) -> None:
        if not records:
            return
        topic = self._lane.topic.name
        oldest = min(record.log_time for record in records)
        metrics.INGESTED.labels(topic).inc(len(records))
        metrics.INGESTED_BATCH.labels(topic).observe(len(records))
        metrics.INGEST_LAG.labels(topic).observe(max(0.0, time.time() - oldest.timestamp()))

    def _check(self, polling: Polling, ingestor: Ingestor[T]) -> None:
        now = time.monotonic()
        if now - self._checked_at < CHECK_S:
            return
        self._checked_at = now
        unparked = ingestor.refresh_parked() & ingestor.positions.keys()
        polling.seek(
            self._by_topic_partition(
                {partition: ingestor.positions[partition] for partition in unparked}
            )
        )
        self._apply_backlog_limit(ingestor)

    def _apply_backlog_limit(self, ingestor: Ingestor[T]) -> None:
        """Pause all partitions above the limit of the backlog, until it is well below."""
        is_over = self._watermark.update(self._backlog.read().fill)
        paused = len(ingestor.positions) if is_over else 0
        metrics.PAUSED.labels(self._lane.topic.name).set(paused)

    def _bounds(self, polling: Polling, partitions: Collection[int]) -> dict[int, Bounds]:
        found = polling.bounds(self._topic_partitions(partitions))
        return {topic_partition.partition: bounds for topic_partition, bounds in found.items()}

    def _topic_partitions(self, partitions: Collection[int]) -> set[TopicPartition]:
        return {TopicPartition(self._lane.topic.name, partition) for partition in partitions}

    def _by_topic_partition(self, offsets: Mapping[int, int]) -> dict[TopicPartition, int]:
        topic = self._lane.topic.name
        return {TopicPartition(topic, partition): offset for partition, offset in offsets.items()}


def pause_s(*, records: int, lanes: int) -> float:
    """Return how long to wait at most after a batch of so many records of so many lanes."""
    if records >= FULL_RECORDS:
        return 0.0
    return min(PAUSE_PER_BATCH_S + lanes * PAUSE_PER_LANE_S, PAUSE_MAX_S)
