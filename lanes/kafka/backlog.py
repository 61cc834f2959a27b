"""The backlog of a topic that a consumer group works through."""

import time

from lanes import metrics
from lanes.backlog import Backlog, OffsetHistory
from lanes.kafka.lags import KafkaLags
from lanes.settings import KafkaSettings
from lanes.topic import Topic


class GroupBacklog:
    """The records of `topic` that `group` has not acknowledged; full are `records_max`."""

    def __init__(self, topic: Topic, *, group: str, records_max: int, kafka: KafkaSettings) -> None:
        self.topic = topic
        self._group, self._records_max = group, records_max
        self._partitions = [(topic.name, number) for number in range(topic.partitions)]
        self._lags = KafkaLags(kafka, name=f"backlog:{topic.name}")
        self._history = OffsetHistory()

    def read(self) -> Backlog:
        """Read the backlog from the broker. Raise OutageError."""
        reaches = self._lags.reach(self._group, self._partitions).values()
        waiting, end = sum(each.lag for each in reaches), sum(each.end for each in reaches)
        name, now = self.topic.name, time.monotonic()
        behind_s = self._history.behind_s(done=end - waiting, end=end, now=now)
        metrics.BACKLOG.labels(name).set(waiting)
        metrics.BACKLOG_AGE.labels(name).set(behind_s)
        return Backlog(topic=name, fill=waiting / self._records_max, behind_s=behind_s)

    def close(self) -> None:
        """Disconnect."""
        self._lags.close()
