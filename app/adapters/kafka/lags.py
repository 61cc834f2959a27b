"""How far consumer groups are behind, without being a member of any: the port `Lags`."""

from collections.abc import Sequence

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from app.domain.errors import BusyError
from app.services.parking import Part
from app.settings import Settings


class KafkaLags:
    """The port `Lags`."""

    def __init__(self, settings: Settings, *, name: str) -> None:
        self._settings, self._name = settings, name

    def lag(self, group: str, parts: Sequence[Part]) -> dict[Part, int]:
        """Records between what the group has committed and the end."""
        try:
            consumer = KafkaConsumer(
                bootstrap_servers=self._settings.kafka_bootstrap_servers,
                group_id=group,
                client_id=self._name,
                enable_auto_commit=False,
                allow_auto_create_topics=False,
                metrics_enabled=False,
            )
        except KafkaError as error:
            raise BusyError("the log cannot be reached") from error
        try:
            return _lags(consumer, [TopicPartition(*part) for part in parts])
        except KafkaError as error:
            raise BusyError("the log cannot answer") from error
        finally:
            consumer.close(autocommit=False)


def _lags(consumer: KafkaConsumer, parts: Sequence[TopicPartition]) -> dict[Part, int]:
    first, end = consumer.beginning_offsets(parts), consumer.end_offsets(parts)
    lags = {}
    for part in parts:
        committed = consumer.committed(part)
        lags[part.topic, part.partition] = end[part] - max(first[part], committed or 0)
    return lags
