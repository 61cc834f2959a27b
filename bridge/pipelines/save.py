"""Save: chat messages → MongoDB, each once by its id, acknowledged after they are stored."""

from collections.abc import Sequence
from typing import Protocol

from app.observability import metrics
from app.protocol.fanout import RoomPublication
from app.protocol.records import chat_message_decoder
from app.protocol.topics import CHAT_MESSAGE, SAVE_GROUP
from app.services.reading import read_value
from app.settings import Settings
from bridge.consuming import Consuming
from bridge.handling import HandlingPorts
from bridge.records import RawRecord


class Messages(Protocol):
    """Where messages are stored."""

    def create_indexes(self) -> None:
        """Make the store as it must be; again is no harm."""

    def save_many(self, items: Sequence[RoomPublication]) -> None:
        """Store each whose id is not stored yet."""


class Save(Consuming[RoomPublication]):
    """Stores what was said. While the store is away nothing is acknowledged, so nothing is lost."""

    name = "save"
    group = SAVE_GROUP
    topics = (CHAT_MESSAGE,)

    def __init__(self, ports: HandlingPorts, *, messages: Messages, settings: Settings) -> None:
        super().__init__(ports, settings=settings)
        self._messages = messages

    def open(self) -> None:
        """Join the group, once the store is as it must be."""
        self._messages.create_indexes()
        super().open()

    def read(self, raw: RawRecord) -> RoomPublication:
        """The message, with its place."""
        return RoomPublication(seq=raw.offset, message=read_value(chat_message_decoder, raw.value))

    def handle(self, items: Sequence[RoomPublication]) -> None:
        """Store them; one that is stored already stays as it is."""
        self._messages.save_many(items)
        metrics.SAVED.inc(len(items))
