"""Save: chat messages → MongoDB, each once by its id, acknowledged after they are stored."""

from kafka import KafkaConsumer

from app.adapters.kafka.consumer import make_consumer
from app.adapters.mongo.messages import MongoMessages
from app.observability import metrics
from app.protocol.fanout import RoomPublication
from app.protocol.topics import CHAT_MESSAGE, SAVE_GROUP
from app.settings import Settings
from bridge.pipelines.broadcast import chat_decoder


class Save:
    """Stores what was said. While the store is away nothing is acknowledged, so nothing is lost."""

    name = "save"

    def __init__(self, messages: MongoMessages, *, settings: Settings) -> None:
        self._messages = messages
        self._settings = settings
        self._consumer: KafkaConsumer | None = None

    def open(self) -> None:
        """Join the group."""
        self._messages.create_indexes()
        self._consumer = make_consumer(self._settings, group=SAVE_GROUP, name=self.name)
        self._consumer.subscribe([CHAT_MESSAGE.name])

    def close(self) -> None:
        """Leave it; what was not acknowledged is stored again, as the same documents."""
        if self._consumer is not None:
            self._consumer.close(autocommit=False, timeout_ms=2_000)
            self._consumer = None

    def step(self) -> None:
        """Store what one poll gives."""
        if self._consumer is None:
            raise RuntimeError("not open")
        polled = self._consumer.poll(timeout_ms=self._settings.limits.poll_wait_ms)
        publications = [
            RoomPublication(seq=record.offset, message=chat_decoder.decode(record.value))
            for records in polled.values()
            for record in records
        ]
        if publications:
            self._messages.save_many(publications)
            metrics.SAVED.inc(len(publications))
            self._consumer.commit_async()
