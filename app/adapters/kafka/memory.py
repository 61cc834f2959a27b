"""The port `LogMemory`: what Kafka remembers of the database that wrote and read it."""

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from app.adapters.kafka.reader import KafkaLogReader
from app.protocol.topics import AUCTION_EVENT, Topic
from app.settings import Settings


class _Published(msgspec.Struct):
    auction_id: int
    version: int


_decoder = msgspec.json.Decoder(_Published)


class KafkaMemory:
    """Connects for each question: it is asked when the database's server was started."""

    def __init__(self, settings: Settings, *, name: str) -> None:
        self._settings, self._name = settings, name

    def committed(self, group: str, topic: Topic) -> dict[int, int]:
        """What the group has committed, by partition. Raises BusyError."""
        with self._reader() as reader:
            return reader.committed(group, topic)

    def last_published(self) -> dict[int, tuple[int, int, int]]:
        """By partition of `auction-event`, of its last record: offset, auction and version."""
        with self._reader() as reader:
            found = {}
            for record in reader.last(AUCTION_EVENT):
                try:
                    event = _decoder.decode(record.value)
                except ValueError:  # nobody's of ours
                    continue
                found[record.partition] = (record.offset, event.auction_id, event.version)
            return found

    @contextmanager
    def _reader(self) -> Iterator[KafkaLogReader]:
        reader = KafkaLogReader(
            self._settings, name=self._name, wait_s=self._settings.limits.store_timeout_s
        )
        try:
            yield reader
        finally:
            reader.close()
