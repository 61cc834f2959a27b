"""Ingest: Kafka → inbox, in offset order, each record once.

Progress in PostgreSQL moves in the same transaction that takes the records; it is the fence
between an owner and a zombie, and the place to start from. Kafka's committed offset mirrors it
for tools that show lag, and is never read.
"""

import time
from collections.abc import Sequence
from typing import Any

import structlog
from kafka import KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from sqlalchemy import Connection, Engine

from app.adapters.kafka.consumer import make_consumer
from app.adapters.kafka.topics import WrongTopicError, topic_id
from app.adapters.postgres.burials import PostgresDeadLetters
from app.adapters.postgres.lanes import PostgresIntake, backlog
from app.domain.time import from_epoch_ms
from app.observability import metrics
from app.services.burials import UNDECODABLE, tell_buried
from app.services.lanes import (
    BadRecordError,
    DeadLetter,
    FutureVersionError,
    InboxRecord,
    LaneTopic,
)
from app.services.waking import Waker
from app.settings import Settings
from bridge.assignment import Assignment
from bridge.runner import StoppedError

BACKLOG_CHECK_S = 1.0
# Under load a little patience makes batches, and batches make everything after cheaper.
BUSY_RECORDS, BUSY_PAUSE_S = 50, 0.02
BROKER_WAIT_S = 30.0

intake, dead_letters = PostgresIntake(), PostgresDeadLetters()

log = structlog.get_logger()


class Ingest:
    """The pipeline of one lane topic."""

    def __init__(
        self, lane: LaneTopic, *, settings: Settings, engine: Engine, waker: Waker
    ) -> None:
        self.name = f"ingest:{lane.topic.name}"
        self._lane = lane
        self._settings = settings
        self._engine = engine
        self._waker = waker
        self._assignment = Assignment()
        self._consumer: KafkaConsumer | None = None
        self._next: dict[TopicPartition, int] = {}
        self._topic_id = ""
        self._backlog_checked_at = 0.0

    def open(self) -> None:
        """Join the group. Raises StoppedError when the topic is not the one taken from before."""
        topic = self._lane.topic
        servers = self._settings.kafka_bootstrap_servers
        try:
            self._topic_id = topic_id(servers, topic, wait_s=BROKER_WAIT_S)
        except WrongTopicError as error:
            raise StoppedError(str(error)) from error
        self._next.clear()
        self._assignment = Assignment()
        self._consumer = make_consumer(self._settings, group=self._lane.group, name=self.name)
        self._consumer.subscribe([topic.name], listener=self._assignment)

    def close(self) -> None:
        """Leave the group."""
        if self._consumer is not None:
            self._consumer.close(autocommit=False, timeout_ms=2_000)
            self._consumer = None

    def step(self) -> None:
        """Take what one poll gives."""
        consumer = self._open_consumer()
        polled = consumer.poll(timeout_ms=self._settings.limits.poll_wait_ms)
        self._follow_rebalance(consumer)
        batches = {part: self._unseen(part, got) for part, got in polled.items()}
        batches = {part: batch for part, batch in batches.items() if batch}
        if batches:
            self._take_all(consumer, batches)
        self._heed_backlog(consumer)
        if sum(map(len, batches.values())) >= BUSY_RECORDS:
            time.sleep(BUSY_PAUSE_S)

    def _open_consumer(self) -> KafkaConsumer:
        if self._consumer is None:
            raise RuntimeError("not open")
        return self._consumer

    def _follow_rebalance(self, consumer: KafkaConsumer) -> None:
        fresh, gone = self._assignment.changes()
        for part in gone:
            self._next.pop(part, None)
        if fresh:
            self._start_from_progress(consumer, fresh)

    def _unseen(
        self, part: TopicPartition, batch: Sequence[ConsumerRecord]
    ) -> list[ConsumerRecord]:
        """The records from our position on; none of a partition that is not ours any more."""
        position = self._next.get(part)
        if position is None:
            return []
        return [record for record in batch if record.offset >= position]

    def _start_from_progress(self, consumer: KafkaConsumer, parts: set[TopicPartition]) -> None:
        first = consumer.beginning_offsets(list(parts))
        end = consumer.end_offsets(list(parts))
        with self._engine.begin() as connection:
            progress = intake.progress_of(connection, self._lane.topic.name)
            for part in parts:
                offset, known_id = progress.get(part.partition, (first[part], self._topic_id))
                self._refuse_wrong_log(part, offset, known_id, first[part], end[part])
                intake.begin_progress(
                    connection,
                    topic=part.topic,
                    partition=part.partition,
                    topic_id=self._topic_id,
                    offset=offset,
                )
                self._next[part] = offset
        for part in parts:
            consumer.seek(part, self._next[part])
        log.info("partitions_taken", partitions=sorted(part.partition for part in parts))

    def _refuse_wrong_log(
        self, part: TopicPartition, offset: int, known_id: str, first: int, end: int
    ) -> None:
        if known_id != self._topic_id:
            raise StoppedError(
                f"topic {part.topic} was deleted and made again (id {self._topic_id}, progress is "
                f"of {known_id}); delete its rows of ingest_progress to take the new one"
            )
        if not first <= offset <= end:
            raise StoppedError(
                f"progress {offset} of {part.topic}/{part.partition} is outside its log "
                f"[{first}, {end}]; restore the log, or set next_offset in ingest_progress"
            )

    def _take_all(
        self, consumer: KafkaConsumer, batches: dict[TopicPartition, list[ConsumerRecord]]
    ) -> None:
        with self._engine.begin() as connection:
            taken = {
                part: batch
                for part, batch in batches.items()
                if intake.move_progress(
                    connection,
                    topic=part.topic,
                    partition=part.partition,
                    expected=self._next[part],
                    following=batch[-1].offset + 1,
                )
            }
            records = self._store(connection, [r for batch in taken.values() for r in batch])
        for part, batch in taken.items():
            self._next[part] = batch[-1].offset + 1
        self._measure(records)
        self._waker.wake({(record.topic, record.key) for record in records})
        lost = set(batches) - set(taken)
        if lost:
            log.warning("progress_moved_by_another", partitions=sorted(p.partition for p in lost))
            self._start_from_progress(consumer, lost)
        offsets = {part: _committed(self._next[part]) for part in taken}
        if offsets:
            consumer.commit_async(offsets)

    def _measure(self, records: list[InboxRecord]) -> None:
        if not records:
            return
        topic = self._lane.topic.name
        oldest = min(record.log_time for record in records)
        metrics.TAKEN.labels(topic).inc(len(records))
        metrics.TAKEN_BATCH.labels(topic).observe(len(records))
        metrics.INGEST_LAG.labels(topic).observe(max(0.0, time.time() - oldest.timestamp()))

    def _store(self, connection: Connection, batch: list[ConsumerRecord]) -> list[InboxRecord]:
        records = []
        for raw in batch:
            record = self._checked(connection, raw)
            if record is not None:
                records.append(record)
        intake.take(connection, records)
        return records

    def _checked(self, connection: Connection, raw: ConsumerRecord) -> InboxRecord | None:
        """The record, or None when nobody can decode it: then it is a dead letter already."""
        log_time = from_epoch_ms(raw.timestamp)
        try:
            key, value = (raw.key or b"").decode(), raw.value or b""
            self._lane.check(key, value)
            return InboxRecord(raw.topic, raw.partition, raw.offset, key, value.decode(), log_time)
        except FutureVersionError:
            return InboxRecord(raw.topic, raw.partition, raw.offset, key, value.decode(), log_time)
        except ValueError as error:
            letter = DeadLetter(
                topic=raw.topic,
                partition=raw.partition,
                offset=raw.offset,
                raw_key=raw.key,
                payload=raw.value or b"",
                log_time=log_time,
                group=self._lane.group,
                reason=error.reason if isinstance(error, BadRecordError) else UNDECODABLE,
                error_class=type(error).__name__,
                message=str(error),
                attempts=1,
                first_failed_at=None,
                trace_id=None,
                replays=0,
            )
            dead_letters.bury(connection, [letter])
            tell_buried(letter)
            return None

    def _heed_backlog(self, consumer: KafkaConsumer) -> None:
        """Pause all partitions while more waits than the limit; resume well below it."""
        now = time.monotonic()
        if now - self._backlog_checked_at < BACKLOG_CHECK_S:
            return
        self._backlog_checked_at = now
        limit = self._settings.limits.inbox_backlog_max
        with self._engine.begin() as connection:
            waiting, oldest_s = backlog(connection, at_most=limit + 1)
        metrics.BACKLOG.set(waiting)
        metrics.BACKLOG_AGE.set(oldest_s)
        if waiting > limit:
            consumer.pause(*consumer.assignment())
        elif waiting < limit * 0.8 and consumer.paused():
            consumer.resume(*consumer.paused())


def _committed(offset: int) -> Any:  # noqa: ANN401 - kafka-python has no types
    return OffsetAndMetadata(offset, "", -1)
