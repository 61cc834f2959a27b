"""Ingest: Kafka → inbox, in offset order, each record once.

What is taken, and what is refused, `bridge.taking` decides. Kafka's committed offset mirrors
progress for tools that show lag, and is never read.
"""

import time
from collections.abc import Collection, Mapping, Sequence

import structlog
from kafka import TopicPartition

from app.observability import metrics, tracing
from app.observability.tracing import Stage
from app.services.backlog import BacklogSource, Watermark
from app.services.dead_letter_limits import log_dead_letter, log_parked
from app.services.lanes import InboxRecord, LaneTopic
from app.services.waking import Waker
from app.settings import Settings
from bridge.bounds import Bounds
from bridge.pacing import Pace
from bridge.polling import Polled, Polling
from bridge.taking import Taken, Taking, TakingPorts

CHECK_S = 1.0
# What a batch costs in all processes, whatever its size, is about 6 ms: its transaction here, a
# task for a worker, and of each lane in it a settle, a message and what gateways make of that. The
# pause after it is about ten times that, which leaves nine tenths of a core for the records.
PAUSE_PER_BATCH_S, PAUSE_PER_LANE_S, PAUSE_MAX_S = 0.05, 0.01, 0.15
FULL_RECORDS = 1_000  # a batch that needs no patience, as when many wait

log = structlog.get_logger()


class Ingest:
    """The pipeline of one lane topic."""

    def __init__(
        self,
        lane: LaneTopic,
        ports: TakingPorts,
        *,
        settings: Settings,
        waker: Waker,
        backlog: BacklogSource,
    ) -> None:
        self.name = f"ingest:{lane.topic.name}"
        self._lane, self._ports = lane, ports
        self._settings, self._waker = settings, waker
        self._polling: Polling | None = None
        self._taking: Taking | None = None
        self._backlog, self._watermark = backlog, Watermark()
        self._checked_at = 0.0
        self._pace = Pace()

    def open(self) -> None:
        """Join the group. Raises StoppedError when the topic is not as it must be."""
        topic = self._lane.topic
        self._polling = Polling(
            self._settings, group=self._lane.group, topics=(topic,), name=self.name
        )
        self._taking = Taking(self._lane, self._ports, topic_id=self._polling.topic_ids[topic.name])

    def close(self) -> None:
        """Leave the group."""
        if self._polling is not None:
            self._polling.close()
            self._polling = self._taking = None

    def step(self) -> None:
        """Take what one poll gives."""
        if self._polling is None or self._taking is None:
            raise RuntimeError("not open")
        polling, taking = self._polling, self._taking
        polled = polling.poll()
        self._follow_rebalance(polling, taking)
        taken = self._take(polling, taking, polled)
        self._check(polling, taking)
        polling.rest(None if self._watermark.is_over else self._parts(taking.parked))
        if taken:
            lanes = len({record.key for record in taken})
            longest_s = pause_s(records=len(taken), lanes=lanes)
            self._pace.pause(items=len(taken), longest_s=longest_s)

    def _follow_rebalance(self, polling: Polling, taking: Taking) -> None:
        fresh, gone = polling.changes()
        taking.forget(part.partition for part in gone)
        if fresh:
            self._start(polling, taking, {part.partition for part in fresh})

    def _start(self, polling: Polling, taking: Taking, partitions: Collection[int]) -> None:
        starts = taking.start(partitions, lambda asked: self._bounds(polling, asked))
        polling.read_on_from(self._by_part(starts))
        log.info("partitions_taken", topic=self._lane.topic.name, partitions=sorted(starts))

    def _take(self, polling: Polling, taking: Taking, polled: Polled) -> Sequence[InboxRecord]:
        batches = {part.partition: batch for part, batch in polled.items()}
        doubtful = taking.doubtful(batches)
        if doubtful:
            taking.refuse_lost(self._bounds(polling, doubtful))
        if not batches:
            return ()
        with tracing.spans(Stage.INGEST) as spans:
            taken = taking.take({part: spans.follow_all(one) for part, one in batches.items()})
        self._tell(taken)
        if taken.lost:
            log.warning("progress_moved_by_another", partitions=sorted(taken.lost))
            self._start(polling, taking, taken.lost)
        polling.commit(self._by_part(taken.positions))
        return taken.records

    def _tell(self, taken: Taken) -> None:
        topic = self._lane.topic.name
        self._measure(taken.records)
        for letter in taken.letters:
            log_dead_letter(letter)
        for partition, parking in taken.parkings.items():
            log_parked(topic, parking, partition=partition, group=self._lane.group)
        self._waker.wake({(record.topic, record.key) for record in taken.records})

    def _measure(self, records: Collection[InboxRecord]) -> None:
        if not records:
            return
        topic = self._lane.topic.name
        oldest = min(record.log_time for record in records)
        metrics.TAKEN.labels(topic).inc(len(records))
        metrics.TAKEN_BATCH.labels(topic).observe(len(records))
        metrics.INGEST_LAG.labels(topic).observe(max(0.0, time.time() - oldest.timestamp()))

    def _check(self, polling: Polling, taking: Taking) -> None:
        now = time.monotonic()
        if now - self._checked_at < CHECK_S:
            return
        self._checked_at = now
        freed = taking.look_at_parked() & taking.positions.keys()
        polling.read_on_from(self._by_part({part: taking.positions[part] for part in freed}))
        self._heed_backlog(taking)

    def _heed_backlog(self, taking: Taking) -> None:
        """All partitions rest while more waits than the limit, until it is well below it."""
        is_over = self._watermark.update(self._backlog.read().fill)
        paused = len(taking.positions) if is_over else 0
        metrics.PAUSED.labels(self._lane.topic.name).set(paused)

    def _bounds(self, polling: Polling, partitions: Collection[int]) -> dict[int, Bounds]:
        found = polling.bounds(self._parts(partitions))
        return {part.partition: bounds for part, bounds in found.items()}

    def _parts(self, partitions: Collection[int]) -> set[TopicPartition]:
        return {TopicPartition(self._lane.topic.name, partition) for partition in partitions}

    def _by_part(self, offsets: Mapping[int, int]) -> dict[TopicPartition, int]:
        topic = self._lane.topic.name
        return {TopicPartition(topic, partition): offset for partition, offset in offsets.items()}


def pause_s(*, records: int, lanes: int) -> float:
    """Return how long to wait at most after a batch of so many records of so many lanes."""
    if records >= FULL_RECORDS:
        return 0.0
    return min(PAUSE_PER_BATCH_S + lanes * PAUSE_PER_LANE_S, PAUSE_MAX_S)
