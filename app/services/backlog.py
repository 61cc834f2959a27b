"""How far behind the work on a topic is, and what is done about it.

The bridge measures and tells once a second. Over the limit, ingest pauses and gateways put no more
into that topic; both go on by themselves well below it. No news is good news: without Redis, or
without anybody who measures, everything is taken, because the log keeps it.
"""

from collections import deque
from collections.abc import Callable
from typing import Protocol

from app.domain.errors import BusyError
from app.observability import metrics
from app.protocol.fanout import Backlog
from app.protocol.topics import Topic
from app.services.log import Appended, Log, OnAppended

FULL, RESUME = 1.0, 0.8
NEWS_S = 5.0  # older news is none
# A client waits about as long as what it adds would have waited, within reason.
RETRY_MIN_S, RETRY_MAX_S = 1.0, 10.0
# A frame that waits so long for its turn is late: a page shows what comes sooner as now.
LATE_S = 0.1
CROWD = 50  # frames: fewer are no overload, however slow the machine is
MOVED_S = 1.0  # how exactly the age of what waits is known: news come once a second
TRAIL_SAMPLES_MAX = 600  # ten minutes of seconds


class BacklogSource(Protocol):
    """Something that knows how far behind the work on its topic is."""

    topic: Topic

    def read(self) -> Backlog:
        """Measure; connects on first use, and raises whatever its driver does."""
        ...

    def close(self) -> None:
        """Let go of what it holds; must not raise."""


class Watermark:
    """Over once something is fuller than FULL, until it is emptier than RESUME."""

    def __init__(self) -> None:
        self.is_over = False

    def update(self, fill: float) -> bool:
        """Take in how full it is now; whether it is over."""
        self.is_over = fill >= RESUME if self.is_over else fill > FULL
        return self.is_over


class Trail:
    """Remembers when a topic was how long, so as to tell the age of a place in it."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque(maxlen=TRAIL_SAMPLES_MAX)

    def behind_s(self, *, done: int, end: int, now: float) -> float:
        """How long ago the first record that is not done came, `end` of them having come by now.

        Seconds, exact to the time between two calls; at most the time since the first sample.
        """
        while self._samples and self._samples[0][1] <= done:
            self._samples.popleft()
        self._samples.append((now, end))
        return now - self._samples[0][0] if end > done else 0.0


class Pace:
    """When the work on a topic was last known to go on, by the age of what waits longest.

    A long queue is not a stopped one: its head changes. (The head of one may also be older than
    that before: the clock of a new leader may be behind.)
    """

    def __init__(self, now: float) -> None:
        self.moved_at = now
        self._oldest_at = float("-inf")

    def update(self, behind_s: float, now: float) -> None:
        """Take in for how long the first of those that wait now has waited; 0 when none does."""
        oldest_at = now - behind_s
        if behind_s == 0.0 or abs(oldest_at - self._oldest_at) > MOVED_S:
            self.moved_at, self._oldest_at = now, oldest_at


class Lateness:
    """Whether what comes into a process waits too long for its turn, and not just for a moment.

    It does once all that came in the last LATE_S was late, and that was a crowd: a pause is no
    overload.
    """

    def __init__(self) -> None:
        self._late_since = self._late_at = float("-inf")
        self._count = 0  # since then

    def update(self, waited_s: float, now: float) -> None:
        """Take in how long something has waited that has its turn now."""
        if waited_s < LATE_S:
            self._late_at = float("-inf")
            return
        if now - self._late_at > LATE_S:
            self._late_since, self._count = now, 0
        self._late_at = now
        self._count += 1

    def is_over(self, now: float) -> bool:
        """Whether another would be late as well."""
        is_run = now - self._late_at <= LATE_S <= now - self._late_since
        return is_run and self._count >= CROWD


class Admission:
    """Which topics take more, by the latest news of each; `clock` is monotonic, in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self._began_at = clock, clock()
        self.lateness = Lateness()
        self._paces: dict[str, Pace] = {}
        self._watermarks: dict[str, Watermark] = {}
        self._latest: dict[str, tuple[float, Backlog]] = {}

    def heard(self, news: Backlog) -> None:
        """Believe this from now on."""
        now = self._clock()
        self._latest[news.topic] = (now, news)
        self._paces.setdefault(news.topic, Pace(now)).update(news.behind_s, now)
        self._watermarks.setdefault(news.topic, Watermark()).update(news.fill)

    def quiet_s(self, topic: Topic) -> float:
        """Seconds since the work on `topic` was last known to go on; no news is no knowledge."""
        pace = self._paces.get(topic.name)
        return self._clock() - (self._began_at if pace is None else pace.moved_at)

    def check(self, topic: Topic) -> None:
        """Raises BusyError while the topic is over its limit, or frames here are late."""
        if self.lateness.is_over(self._clock()):
            metrics.REFUSED.labels(topic.name, metrics.LATE).inc()
            raise BusyError("too much comes at once")
        heard_at, news = self._latest.get(topic.name, (0.0, None))
        if news is None or self._clock() - heard_at > NEWS_S:
            return
        if self._watermarks[topic.name].is_over:
            metrics.REFUSED.labels(topic.name, metrics.BACKLOG_OVER).inc()
            wait_s = min(max(news.behind_s, RETRY_MIN_S), RETRY_MAX_S)
            raise BusyError("too much waits already", retry_after_s=wait_s)


class AdmittingLog:
    """The log, except for topics that are over their limit: what they refuse is not appended.

    Nothing is while `check_database` raises BusyError.
    """

    def __init__(self, log: Log, admission: Admission, check_database: Callable[[], None]) -> None:
        self._log, self._admission, self._check_database = log, admission, check_database

    def append_soon(self, topic: Topic, *, key: int, value: bytes, done: OnAppended) -> None:
        """As the log's. Raises BusyError, then nothing was appended."""
        self._check_database()
        self._admission.check(topic)
        self._log.append_soon(topic, key=key, value=value, done=done)

    def append(self, topic: Topic, *, key: int, value: bytes) -> Appended:
        """As the log's. Raises BusyError, then nothing was appended."""
        self._check_database()
        self._admission.check(topic)
        return self._log.append(topic, key=key, value=value)
