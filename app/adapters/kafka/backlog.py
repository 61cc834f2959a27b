"""How far behind a consumer group is, asked of the broker: the group itself may be down."""

import time
from typing import Any

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec

from app.observability import metrics
from app.protocol.fanout import Backlog
from app.protocol.topics import Topic
from app.services.backlog import Trail
from app.settings import Settings


class GroupBacklog:
    """The records of `topic` that `group` has not acknowledged; their limit is chat's."""

    def __init__(self, topic: Topic, *, group: str, settings: Settings) -> None:
        self.topic = topic
        self._group, self._settings = group, settings
        self._partitions = [TopicPartition(topic.name, n) for n in range(topic.partitions)]
        self._trail = Trail()
        self._admin: KafkaAdminClient | None = None

    def read(self) -> Backlog:
        """Ask the broker."""
        admin = self._connected()
        ends = self._offsets(admin, OffsetSpec.LATEST)
        done = self._offsets(admin, OffsetSpec.EARLIEST) | self._committed(admin)
        end, name = sum(ends.values()), self.topic.name
        waiting = max(0, end - sum(done.values()))
        behind_s = self._trail.behind_s(done=end - waiting, end=end, now=time.monotonic())
        metrics.BACKLOG.labels(name).set(waiting)
        metrics.BACKLOG_AGE.labels(name).set(behind_s)
        fill = waiting / self._settings.limits.chat_backlog_max
        return Backlog(topic=name, fill=fill, behind_s=behind_s)

    def close(self) -> None:
        """Hang up."""
        if self._admin is not None:
            self._admin.close()
            self._admin = None

    def _connected(self) -> KafkaAdminClient:
        if self._admin is None:
            self._admin = KafkaAdminClient(
                bootstrap_servers=self._settings.kafka_bootstrap_servers,
                client_id=f"backlog:{self.topic.name}",
            )
        return self._admin

    def _offsets(self, admin: KafkaAdminClient, spec: OffsetSpec) -> dict[TopicPartition, int]:
        found = admin.list_partition_offsets(dict.fromkeys(self._partitions, spec))
        return {part: int(place.offset) for part, place in found.items()}

    def _committed(self, admin: KafkaAdminClient) -> dict[TopicPartition, int]:
        found: dict[TopicPartition, Any] = admin.list_group_offsets(self._group)[self._group]
        wanted = set(self._partitions)
        return {p: int(at.offset) for p, at in found.items() if p in wanted and at.offset >= 0}
