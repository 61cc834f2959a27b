"""Save: chat messages → MongoDB, each once by its id, acknowledged after they are stored."""

from app.adapters.mongo.messages import MongoMessages
from app.observability import metrics
from app.protocol.fanout import RoomPublication
from app.protocol.topics import CHAT_MESSAGE, SAVE_GROUP
from app.settings import Settings
from bridge.consuming import Consuming, Polled
from bridge.pipelines.broadcast import chat_decoder


class Save(Consuming):
    """Stores what was said. While the store is away nothing is acknowledged, so nothing is lost."""

    name = "save"
    group = SAVE_GROUP
    topics = (CHAT_MESSAGE.name,)

    def __init__(self, messages: MongoMessages, *, settings: Settings) -> None:
        super().__init__(settings=settings)
        self._messages = messages

    def open(self) -> None:
        """Join the group, once the store is as it must be."""
        self._messages.create_indexes()
        super().open()

    def handle(self, polled: Polled) -> None:
        """Store them; one that is stored already stays as it is."""
        publications = [
            RoomPublication(seq=record.offset, message=chat_decoder.decode(record.value))
            for records in polled.values()
            for record in records
        ]
        self._messages.save_many(publications)
        metrics.SAVED.inc(len(publications))
