"""The lag of consumer groups, read from the broker: the groups themselves may be down."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError

from lanes.errors import OutageError
from lanes.kafka.security import client_arguments
from lanes.settings import KafkaSettings
from lanes.topic import PartitionId


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a group has come in a partition: `done` of the `end` records ever appended. Records
    deleted by retention count as done."""

    done: int
    end: int

    @property
    def lag(self) -> int:
        """Records that wait."""
        return max(0, self.end - self.done)


class KafkaLags:
    """The port `Lags`; connects on first use, and is no member of any group."""

    def __init__(self, kafka: KafkaSettings, *, name: str) -> None:
        self._kafka, self._name = kafka, name
        self._admin: KafkaAdminClient | None = None

    def lag(self, group: str, partitions: Sequence[PartitionId]) -> dict[PartitionId, int]:
        """Records between what the group has committed and the end. Raises OutageError."""
        return {partition: reach.lag for partition, reach in self.reach(group, partitions).items()}

    def reach(self, group: str, partitions: Sequence[PartitionId]) -> dict[PartitionId, Reach]:
        """Return how far the group has come in each partition. Raise OutageError."""
        return self.reaches({group: partitions})[group]

    def reaches(
        self, partitions: Mapping[str, Sequence[PartitionId]]
    ) -> dict[str, dict[PartitionId, Reach]]:
        """As `reach`, for several groups with their partitions. Raise OutageError."""
        topic_partitions = {
            TopicPartition(*partition)
            for group_partitions in partitions.values()
            for partition in group_partitions
        }
        try:
            admin = self._connected()
            ends = _offsets(admin, topic_partitions, OffsetSpec.LATEST)
            done = _offsets(admin, topic_partitions, OffsetSpec.EARLIEST)
            committed = {group: _committed(admin, group) for group in partitions}
        except KafkaError as error:
            raise OutageError("Kafka cannot answer") from error

        def reach(group: str, partition: PartitionId) -> Reach:
            at = TopicPartition(*partition)
            return Reach(max(done[at], committed[group].get(at, 0)), ends[at])

        return {
            group: {partition: reach(group, partition) for partition in group_partitions}
            for group, group_partitions in partitions.items()
        }

    def close(self) -> None:
        """Disconnect."""
        if self._admin is not None:
            self._admin.close()
            self._admin = None

    def _connected(self) -> KafkaAdminClient:
        if self._admin is None:
            self._admin = KafkaAdminClient(**client_arguments(self._kafka), client_id=self._name)
        return self._admin


def _offsets(
    admin: KafkaAdminClient, partitions: Collection[TopicPartition], spec: OffsetSpec
) -> dict[TopicPartition, int]:
    found = admin.list_partition_offsets(dict.fromkeys(partitions, spec))
    return {partition: int(found_offset.offset) for partition, found_offset in found.items()}


def _committed(admin: KafkaAdminClient, group: str) -> dict[TopicPartition, int]:
    found: dict[TopicPartition, Any] = admin.list_group_offsets(group)[group]
    return {partition: int(at.offset) for partition, at in found.items()}
