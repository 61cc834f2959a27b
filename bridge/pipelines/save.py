"""Save: chat messages → MongoDB, each once by its id, acknowledged after they are stored."""

from collections.abc import Sequence
from typing import Protocol

from app.observability import metrics
from app.protocol.fanout import RoomPublication
from app.protocol.records import chat_message_decoder
from app.protocol.topics import CHAT_MESSAGE, SAVE_GROUP
from app.services.reading import read_value
from lanes.record import RawRecord
from lanes.record_processor import RecordHandler


class Messages(Protocol):
    """The message store."""

    def create_indexes(self) -> None:
        """Create the indexes that are missing."""

    def save_many(self, items: Sequence[RoomPublication]) -> None:
        """Store each message whose id is not stored yet."""


class Save(RecordHandler[RoomPublication]):
    """Stores chat messages. While the store is away nothing is committed, so nothing is lost."""

    group = SAVE_GROUP
    topics = (CHAT_MESSAGE,)

    def __init__(self, messages: Messages) -> None:
        self._messages = messages

    def open(self) -> None:
        """Create the store's indexes."""
        self._messages.create_indexes()

    def read(self, raw: RawRecord) -> RoomPublication:
        """Decode the message; its seq is the offset."""
        return RoomPublication(seq=raw.offset, message=read_value(chat_message_decoder, raw.value))

    def handle(self, items: Sequence[RoomPublication]) -> None:
        """Store the messages; one that is stored already stays as it is."""
        self._messages.save_many(items)
        metrics.SAVED.inc(len(items))
