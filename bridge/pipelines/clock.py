"""Clock: puts due starts and closes into the log, and wakes lanes that wait too long.

One active, by advisory lock. What it produces decides nothing: whether a close takes effect is
decided when it is settled, by its log time. So it may ask too early, too late or twice.
"""

import time
from collections.abc import Sequence

from kafka import KafkaProducer
from sqlalchemy import Connection, Engine

from app.adapters.postgres import lanes
from app.adapters.postgres.locks import CLOCK_LOCK
from app.adapters.postgres.parked import parked_by_topic
from app.observability import metrics
from app.protocol.topics import LIVE_TOPICS
from app.services.due import DueRecords
from app.services.lanes import OutboxMessage
from app.services.waking import Lane, Waker
from app.settings import Settings
from bridge.leader_elected import LeaderElected, post

TICK_S = 0.2  # how late a newly created, very short auction may be noticed
OVERDUE_TICK_S = 0.05  # how late another end is noticed while one is asked for and not settled
SWEEP_S = 0.5  # it counts what waits in the inbox, row by row
# A close that was void, because the broker's clock is behind, is soon asked again; one that nobody
# settles, because no worker runs, ever more seldom.
RETRY_FIRST_S, RETRY_LONGEST_S = 0.25, 30.0
LANES_MAX = 1_000


class Clock(LeaderElected):
    """The one pipeline that reads a wall clock."""

    name = "clock"
    lock = CLOCK_LOCK

    def __init__(
        self, due: DueRecords, *, settings: Settings, engine: Engine, waker: Waker
    ) -> None:
        super().__init__(settings=settings.as_clock, engine=engine)
        self._due = due
        self._waker = waker
        self._requested: dict[
            str, tuple[float, float]
        ] = {}  # when to ask again, and the pause after
        self._last_woken: dict[Lane, float] = {}
        self._swept_at = 0.0
        self._topics_parked = {topic.name for topic in LIVE_TOPICS}

    def act(self, connection: Connection, producer: KafkaProducer) -> None:
        """Append due starts and closes, sweep, and sleep until the next start or end."""
        seconds = self._due.seconds_to_next()
        is_due = seconds is not None and seconds <= 0
        self._append_due(producer, self._due.due() if is_due else [])
        if time.monotonic() - self._swept_at >= SWEEP_S:
            self._swept_at = time.monotonic()
            self._sweep(connection)
            self._count_parked(connection)
        shortest_s = OVERDUE_TICK_S if is_due else 0.01
        time.sleep(TICK_S if seconds is None else min(TICK_S, max(seconds, shortest_s)))

    def _append_due(self, producer: KafkaProducer, due: Sequence[OutboxMessage]) -> None:
        now = time.monotonic()
        self._requested = {m.key: self._requested.get(m.key, (now, RETRY_FIRST_S)) for m in due}
        due_now = [message for message in due if self._requested[message.key][0] <= now]
        futures = [post(producer, message) for message in due_now]
        for message, future in zip(due_now, futures, strict=True):
            future.get(timeout=self._settings.limits.produce_timeout_s)
            pause_s = self._requested[message.key][1]
            self._requested[message.key] = (now + pause_s, min(2 * pause_s, RETRY_LONGEST_S))

    def _sweep(self, connection: Connection) -> None:
        limits = self._settings.limits
        if self._waker.waiting(at_most=limits.wakes_waiting_max) >= limits.wakes_waiting_max:
            return
        now, repeat_s = time.monotonic(), limits.wake_repeat_s
        self._last_woken = {
            lane: at for lane, at in self._last_woken.items() if now - at < repeat_s
        }
        waiting = lanes.waiting_lanes(connection, older_than_s=repeat_s, limit=LANES_MAX)
        late = [lane for lane in waiting if lane not in self._last_woken]
        self._waker.enqueue(late)
        self._last_woken |= dict.fromkeys(late, now)

    def _count_parked(self, connection: Connection) -> None:
        counts = parked_by_topic(connection)
        self._topics_parked |= counts.keys()
        for topic in self._topics_parked:
            metrics.PARKED_NOW.labels(topic).set(counts.get(topic, 0))
