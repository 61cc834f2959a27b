"""Gauges: set the metrics that only the servers know, as the lag of consumer groups.

Any number of processes may run them: they set the same.
"""

import time
from collections.abc import Callable, Mapping, Sequence

from lanes import metrics
from lanes.backlog import OffsetHistory
from lanes.kafka.lags import KafkaLags, Reach
from lanes.settings import KafkaSettings
from lanes.topic import PartitionId, Topic

PERIOD_S = 1.0
LAG_PERIOD_S = 2.0  # six requests to the broker each


class StoreGauge:
    """The pipeline of one store: `measures` set its gauges, and raise when it does not answer."""

    def __init__(self, store: str, measures: Sequence[Callable[[], None]]) -> None:
        self.name = f"gauge:{store}"
        self._measures = measures

    def open(self) -> None:
        """Do nothing: the measures connect on first use."""

    def step(self) -> None:
        """Measure."""
        for measure in self._measures:
            measure()
        time.sleep(PERIOD_S)

    def close(self) -> None:
        """Do nothing: connections go back to their pools."""


class LagGauge:
    """The pipeline of the consumer groups; `topics` by group. The groups may be down."""

    name = "gauge:groups"

    def __init__(self, kafka: KafkaSettings, topics: Mapping[str, Sequence[Topic]]) -> None:
        self._lags = KafkaLags(kafka, name=self.name)
        self._read_at = -LAG_PERIOD_S
        self._partition_ids: dict[str, Sequence[PartitionId]] = {
            group: [
                (topic.name, number)
                for topic in group_partitions
                for number in range(topic.partitions)
            ]
            for group, group_partitions in topics.items()
        }
        self._histories = {
            (group, topic.name): OffsetHistory()
            for group, group_partitions in topics.items()
            for topic in group_partitions
        }

    def open(self) -> None:
        """Do nothing: the client connects on first use."""

    def step(self) -> None:
        """Read the lags from the broker, every LAG_PERIOD_S. Raise OutageError when it does not
        answer."""
        if time.monotonic() - self._read_at >= LAG_PERIOD_S:
            self._read_at = time.monotonic()
            self._read()
        time.sleep(PERIOD_S)

    def close(self) -> None:
        """Disconnect."""
        self._lags.close()

    def _read(self) -> None:
        reaches = self._lags.reaches(self._partition_ids)
        for (group, topic), history in self._histories.items():
            group_partitions = [
                reach for (name, _), reach in reaches[group].items() if name == topic
            ]
            self._set(group, topic, history, group_partitions)

    @staticmethod
    def _set(group: str, topic: str, history: OffsetHistory, reaches: Sequence[Reach]) -> None:
        lag, end = sum(reach.lag for reach in reaches), sum(reach.end for reach in reaches)
        behind_s = history.behind_s(done=end - lag, end=end, now=time.monotonic())
        metrics.GROUP_LAG_RECORDS.labels(group, topic).set(lag)
        metrics.GROUP_LAG_SECONDS.labels(group, topic).set(behind_s)
