"""The backlog of a topic, and what it causes.

The bridge measures it and publishes it once a second. Above the limit, ingest pauses and gateways
append no more to that topic; both resume well below it. Without Redis, or without a measuring
process, everything is accepted, because Kafka keeps it.
"""

from collections.abc import Callable

from app.domain.errors import BusyError
from app.observability import metrics
from app.protocol.fanout import Backlog
from app.services.log import Log, OnAcknowledged, RecordMetadata
from lanes import Topic, Watermark

BACKLOG_TTL_S = 5.0  # an older measurement is ignored
# A client waits about as long as what it adds would have waited, within reason.
RETRY_MIN_S, RETRY_MAX_S = 1.0, 10.0
# A frame that waits so long for its turn is late: a page shows what comes sooner as now.
LATE_S = 0.1
LATE_FRAMES_MIN = 50  # frames: fewer are no overload, however slow the machine is
MOVED_S = 1.0  # precision of the age of the oldest record: it is published once a second


class ProgressClock:
    """When the work on a topic last progressed, by the age of its oldest waiting record.

    A long queue is not a stopped one: its head changes. (The head may also be older than the one
    before: the clock of a new leader may be behind.)
    """

    def __init__(self, now: float) -> None:
        self.moved_at = now
        self._oldest_at = float("-inf")

    def update(self, behind_s: float, now: float) -> None:
        """Set the age in seconds of the oldest waiting record; 0 when none waits."""
        oldest_at = now - behind_s
        if behind_s == 0.0 or abs(oldest_at - self._oldest_at) > MOVED_S:
            self.moved_at, self._oldest_at = now, oldest_at


class Lateness:
    """Whether frames wait too long for their turn in this process, and not just for a moment.

    True once all frames of the last LATE_S were late, and there were many: a pause is no overload.
    """

    def __init__(self) -> None:
        self._late_since = self._late_at = float("-inf")
        self._count = 0  # since then

    def update(self, waited_s: float, now: float) -> None:
        """Count a frame that waited `waited_s` seconds for its turn."""
        if waited_s < LATE_S:
            self._late_at = float("-inf")
            return
        if now - self._late_at > LATE_S:
            self._late_since, self._count = now, 0
        self._late_at = now
        self._count += 1

    def update_oldest(self, waited_s: float, now: float) -> None:
        """Count another frame behind the first of those who wait, which has waited `waited_s`: it
        may be late before it has its turn."""
        if waited_s >= LATE_S:
            self.update(waited_s, now)

    def is_over(self, now: float) -> bool:
        """Return whether the next frame would be late as well."""
        is_run = now - self._late_at <= LATE_S <= now - self._late_since
        return is_run and self._count >= LATE_FRAMES_MIN


class Admission:
    """Admission by topic, from the latest backlog of each; `clock` is monotonic, in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self._started_at = clock, clock()
        self.lateness = Lateness()
        self._progress_clocks: dict[str, ProgressClock] = {}
        self._watermarks: dict[str, Watermark] = {}
        self._latest: dict[str, tuple[float, Backlog]] = {}
        self._stuck_at: dict[str, float] = {}  # by pipeline, when a bridge said so last

    def update(self, backlog: Backlog) -> None:
        """Set the latest backlog of its topic."""
        now = self._clock()
        self._latest[backlog.topic] = (now, backlog)
        self._stuck_at |= dict.fromkeys(backlog.stuck, now)
        self._progress_clocks.setdefault(backlog.topic, ProgressClock(now)).update(
            backlog.behind_s, now
        )
        self._watermarks.setdefault(backlog.topic, Watermark()).update(backlog.fill)

    def quiet_s(self, topic: Topic) -> float:
        """Return the seconds since the work on `topic` last progressed, as far as known."""
        progress = self._progress_clocks.get(topic.name)
        return self._clock() - (self._started_at if progress is None else progress.moved_at)

    def stuck_pipelines(self) -> list[str]:
        """Return the pipelines that are stuck in one of the bridges."""
        since = self._clock() - BACKLOG_TTL_S
        return [name for name, at in self._stuck_at.items() if at >= since]

    def check(self, topic: Topic) -> None:
        """Raise BusyError while the topic is over its limit, or frames here are late."""
        if self.lateness.is_over(self._clock()):
            metrics.REFUSED.labels(topic.name, metrics.LATE).inc()
            raise BusyError("too much comes at once")
        updated_at, backlog = self._latest.get(topic.name, (0.0, None))
        if backlog is None or self._clock() - updated_at > BACKLOG_TTL_S:
            return
        if self._watermarks[topic.name].is_over:
            metrics.REFUSED.labels(topic.name, metrics.BACKLOG_OVER).inc()
            wait_s = min(max(backlog.behind_s, RETRY_MIN_S), RETRY_MAX_S)
            raise BusyError("too much waits already", retry_after_s=wait_s)


class AdmittingLog:
    """A `Log` with admission: `check` refuses topics over their limit, and everything while
    `check_database` raises BusyError.

    Who appends without waiting has called `check` before, as soon as that could be done.
    """

    def __init__(self, log: Log, admission: Admission, check_database: Callable[[], None]) -> None:
        self._log, self._admission, self._check_database = log, admission, check_database

    def check(self, topic: Topic) -> None:
        """As `Log.check`."""
        self._check_database()
        self._admission.check(topic)
        self._log.check(topic)

    def append_soon(self, topic: Topic, *, key: int, value: bytes, done: OnAcknowledged) -> None:
        """As `Log.append_soon`. Raise BusyError when the record was not appended."""
        self._log.append_soon(topic, key=key, value=value, done=done)

    def append(self, topic: Topic, *, key: int, value: bytes) -> RecordMetadata:
        """As `Log.append`, checked. Raise BusyError when the record was not appended."""
        self.check(topic)
        return self._log.append(topic, key=key, value=value)
