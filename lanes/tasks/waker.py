"""Wake-ups: a flag in Redis coalesces them, Celery carries them."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Never

import structlog
from celery import Celery
from kombu.exceptions import OperationalError
from redis import Redis, RedisError

from lanes import metrics
from lanes.handler import LaneTopic
from lanes.wake import SETTLE_TASK, Lane, delayed_key, wake_key

# Long enough for any queue a worker still works off; the sweep does not ask the flag.
FLAG_S = 10
# What Celery takes for a task (400 µs of CPU where it is sent, and as much where it is done) and
# what a transaction costs are shared by the task's lanes.
LANES_PER_TASK = 25
# Half of Celery's `visibility_timeout`, after which a task would be given to another worker, too.
# A lane that is deferred for longer is tried in between.
DELAY_S_MAX = 1_800.0
LATER_S = 0.03  # a settle of few records takes a tenth of it

log = structlog.get_logger()


class CeleryWaker:
    """The port `Waker` by Celery. A server that does not answer costs a wake-up, and raises
    nothing."""

    def __init__(
        self,
        celery: Celery,
        flags: Redis,
        broker: Redis,
        *,
        topics: Mapping[str, LaneTopic[Never]],
        other_queues: Collection[str] = (),
        task: str = SETTLE_TASK,
    ) -> None:
        """`topics` by name; `task` is called as `register_settle` names it. `other_queues` of the
        same broker are measured, and kept as short."""
        self._topics, self._other_queues, self._task = topics, other_queues, task
        self._celery = celery
        self._flags = flags
        self._broker = broker

    def wake(self, lanes: Iterable[Lane]) -> None:
        """Wake each lane that has no wake-up pending."""
        self._wake_unflagged(list(lanes))

    def enqueue(self, lanes: Iterable[Lane]) -> None:
        """Wake each lane regardless of its flag."""
        try:
            self._send(list(lanes))
        except (RedisError, OperationalError, OSError) as error:
            log.warning("wake_lost", error=type(error).__name__)

    def wake_later(self, lanes: Iterable[Lane]) -> None:
        """Wake each lane in a moment, unless it is woken by then."""
        self._wake_unflagged(list(lanes), countdown_s=LATER_S)

    def wake_after(self, lanes: Iterable[Lane], after_s: float) -> None:
        """Wake each lane after so many seconds, unless that is to happen already."""
        countdown_s = min(after_s, DELAY_S_MAX)
        # Its flag ends before the task begins, which may ask for it again.
        flag_ms = max(1, int(countdown_s * 900))
        self._wake_unflagged(list(lanes), delayed_key, flag_ms=flag_ms, countdown_s=countdown_s)

    def clear_flags(self, lanes: Iterable[Lane]) -> None:
        """Clear the lanes' flags."""
        self._clear(*(wake_key(*lane) for lane in lanes))

    def waiting(self, *, at_most: int) -> int:
        """Return how many wake-ups wait; 0 when Redis does not answer.

        Every queue is first cut to the oldest `at_most`, because it grows while no worker runs.
        """
        settling = self._settling
        pipe = self._broker.pipeline(transaction=False)
        for queue in (*settling, *self._other_queues):
            pipe.ltrim(queue, -at_most, -1)  # Celery pushes on the left and takes from the right
        for queue in settling:
            pipe.llen(queue)
        try:
            return sum(map(int, pipe.execute()[-len(settling) :]))
        except RedisError:
            return 0

    def waiting_at_broker(self) -> int:
        """Return how many wake-ups wait. Raise RedisError when Redis does not answer."""
        return sum(int(self._broker.llen(queue)) for queue in self._settling)

    def measure_queues(self) -> None:
        """Set the gauges of all queues. Raise RedisError when Redis does not answer."""
        queues = sorted({*self._settling, *self._other_queues})
        pipe = self._broker.pipeline(transaction=False)
        for queue in queues:
            pipe.llen(queue)
        for queue, length in zip(queues, pipe.execute(), strict=True):
            metrics.QUEUE_LENGTH.labels(queue).set(int(length))

    @property
    def _settling(self) -> set[str]:
        """The queues of the workers that settle lanes."""
        return {lane.queue for lane in self._topics.values()}

    def _clear(self, *flags: str) -> None:
        try:
            self._flags.delete(*flags)
        except RedisError as error:
            log.warning("wake_flag_kept", error=type(error).__name__)

    def _wake_unflagged(
        self,
        lanes: list[Lane],
        flag: Callable[[str, str], str] = wake_key,
        *,
        flag_ms: int = FLAG_S * 1_000,
        countdown_s: float | None = None,
    ) -> None:
        if not lanes:
            return
        try:
            pipe = self._flags.pipeline(transaction=False)
            for lane in lanes:
                pipe.set(flag(*lane), 1, nx=True, px=flag_ms)
            unflagged = [
                lane for lane, was_set in zip(lanes, pipe.execute(), strict=True) if was_set
            ]
            self._send(unflagged, countdown_s=countdown_s)
        except (RedisError, OperationalError, OSError) as error:
            log.warning("wake_lost", lanes=len(lanes), error=type(error).__name__)

    def _send(self, lanes: list[Lane], *, countdown_s: float | None = None) -> None:
        by_topic: dict[str, list[str]] = {}
        for topic, key in lanes:
            by_topic.setdefault(topic, []).append(key)
        for topic, keys in by_topic.items():
            if topic not in self._topics:
                log.warning("lane_of_unknown_topic", topic=topic)
                continue
            tasks = -(-len(keys) // LANES_PER_TASK)
            for first in range(tasks):
                self._celery.send_task(
                    self._task,
                    args=(topic, keys[first::tasks]),
                    queue=self._topics[topic].queue,
                    countdown=countdown_s,
                    ignore_result=True,
                )
