"""The port `LogMemory`: what Kafka knows of the database that wrote and read it."""

from collections.abc import Iterator
from contextlib import contextmanager

from app.domain.errors import UnavailableError
from app.protocol.records import auction_version_decoder
from app.protocol.topics import AUCTION_EVENT
from app.settings import Settings
from lanes import OutageError, Topic
from lanes.kafka.reader import KafkaLogReader


class KafkaMemory:
    """Connects for each call: calls follow a start of the database's server."""

    def __init__(self, settings: Settings, *, name: str) -> None:
        self._settings, self._name = settings, name

    def committed(self, group: str, topic: Topic) -> dict[int, int]:
        """Return by partition the offset the group has committed. Raise BusyError."""
        with self._reader() as reader:
            return reader.committed(group, topic)

    def last_published(self) -> dict[int, tuple[int, int, int]]:
        """Return by partition of `auction-event` the offset, auction id and version of its last
        record."""
        with self._reader() as reader:
            found = {}
            for record in reader.last(AUCTION_EVENT):
                try:
                    event = auction_version_decoder.decode(record.value)
                except ValueError:  # of another producer
                    continue
                found[record.partition] = (record.offset, event.auction_id, event.version)
            return found

    @contextmanager
    def _reader(self) -> Iterator[KafkaLogReader]:
        reader = KafkaLogReader(
            self._settings.kafka, name=self._name, wait_s=self._settings.limits.store_timeout_s
        )
        try:
            yield reader
        except OutageError as error:
            raise UnavailableError(str(error)) from error
        finally:
            reader.close()
