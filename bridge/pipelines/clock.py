"""Clock: puts due starts and closes into the log, and wakes lanes that wait too long.

One active, by advisory lock. What it produces decides nothing: whether a close takes effect is
decided when it is settled, by its log time. So it may ask too early, too late or twice.
"""

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine

from app.protocol.topics import LIVE_TOPICS
from app.services.due import DueRecords
from app.settings import Settings
from lanes import metrics
from lanes.pipelines.leader_elected import LeaderElectedProducer, post
from lanes.postgres import lanes
from lanes.postgres.locks import CLOCK_LOCK
from lanes.postgres.parked import parked_by_topic
from lanes.record import OutboxMessage
from lanes.sweep import Sweep
from lanes.wake import Waker

TICK_S = 0.2  # how late a newly created, very short auction may be noticed
OVERDUE_TICK_S = 0.05  # how late another end is noticed while one is requested and not settled
SWEEP_S = 0.5  # it counts what waits in the inbox, row by row
# A close that was void, because the broker's clock is behind, is requested again soon; one that is
# not settled, because no worker runs, after ever longer pauses.
RETRY_FIRST_S, RETRY_LONGEST_S = 0.25, 30.0


class Clock(LeaderElectedProducer):
    """The one pipeline that reads a wall clock."""

    name = "clock"
    lock = CLOCK_LOCK

    def __init__(
        self, due: DueRecords, *, settings: Settings, engine: Engine, waker: Waker
    ) -> None:
        super().__init__(kafka=settings.as_clock.kafka, engine=engine)
        self._due = due
        self._sweep = Sweep(waker, settings.limits)
        self._requested: dict[
            str, tuple[float, float]
        ] = {}  # when to request again, and the pause after that
        # By key, when its record was appended, and the future of its acknowledgement.
        self._unacknowledged: dict[str, tuple[float, Any]] = {}
        self._swept_at = 0.0
        self._topics_parked = {topic.name for topic in LIVE_TOPICS}

    def open(self) -> None:
        """Connect to Kafka and PostgreSQL."""
        self._unacknowledged.clear()
        super().open()

    def act(self, connection: Connection) -> None:
        """Append due starts and closes, sweep, and sleep until the next start or end."""
        self._check_appended()
        seconds = self._due.seconds_to_next()
        is_due = seconds is not None and seconds <= 0
        self._append_due(self._due.due() if is_due else [])
        if time.monotonic() - self._swept_at >= SWEEP_S:
            self._swept_at = time.monotonic()
            self._wake_late_lanes(connection)
            self._count_parked(connection)
        shortest_s = OVERDUE_TICK_S if is_due else 0.01
        time.sleep(TICK_S if seconds is None else min(TICK_S, max(seconds, shortest_s)))

    def _append_due(self, due: Sequence[OutboxMessage]) -> None:
        now = time.monotonic()
        self._requested = {m.key: self._requested.get(m.key, (now, RETRY_FIRST_S)) for m in due}
        for message in due:
            if self._requested[message.key][0] <= now and message.key not in self._unacknowledged:
                self._unacknowledged[message.key] = (now, post(self.producer, message))

    def _check_appended(self) -> None:
        """Forget what Kafka has acknowledged. Raise KafkaError for what it has refused, or has not
        acknowledged in time."""
        late_at = time.monotonic() - self._kafka.produce_timeout_s
        for key, (appended_at, future) in list(self._unacknowledged.items()):
            if not future.is_done and appended_at > late_at:
                continue
            future.get(timeout=0)
            del self._unacknowledged[key]
            if key in self._requested:
                pause_s = self._requested[key][1]
                self._requested[key] = (appended_at + pause_s, min(2 * pause_s, RETRY_LONGEST_S))

    def _wake_late_lanes(self, connection: Connection) -> None:
        self._sweep.run(
            lambda older_than_s, limit: lanes.waiting_lanes(
                connection, older_than_s=older_than_s, limit=limit
            )
        )

    def _count_parked(self, connection: Connection) -> None:
        counts = parked_by_topic(connection)
        self._topics_parked |= counts.keys()
        for topic in self._topics_parked:
            metrics.PARKED_NOW.labels(topic).set(counts.get(topic, 0))
