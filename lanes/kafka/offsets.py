"""Moving the committed offsets of a consumer group without members."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from kafka import KafkaAdminClient, OffsetAndMetadata, TopicPartition
from kafka.errors import GroupIdNotFoundError, KafkaError, NoError

from lanes.errors import OutageError
from lanes.kafka.coordinators import ask_coordinator
from lanes.settings import KafkaSettings
from lanes.topic import Topic

T = TypeVar("T")

TIMEOUT_MS = 10_000


class GroupOffsets:
    """The committed offsets of groups. Methods raise OutageError when Kafka does not answer."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka

    def members(self, group: str) -> int:
        """Return the number of consumers in the group."""

        def count(admin: KafkaAdminClient) -> int:
            try:
                return len(admin.describe_groups([group])[group]["members"])
            except GroupIdNotFoundError:
                return 0

        return self._ask(count)

    def move(self, group: str, topic: Topic, offsets: Mapping[int, int]) -> None:
        """Commit these offsets, by partition; the group must have no members."""
        wanted = {
            TopicPartition(topic.name, partition): OffsetAndMetadata(offset, "", -1)
            for partition, offset in offsets.items()
        }

        def commit(admin: KafkaAdminClient) -> None:
            answers = admin.alter_group_offsets(group, wanted)
            for error in answers.values():
                if error is not NoError:
                    raise error(f"group {group}")

        self._ask(commit)

    def _ask(self, question: Callable[[KafkaAdminClient], T]) -> T:
        try:
            return ask_coordinator(self._kafka, question, timeout_ms=TIMEOUT_MS)
        except KafkaError as error:
            raise OutageError(f"Kafka cannot be reached: {error}") from error
