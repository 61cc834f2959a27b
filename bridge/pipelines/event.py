"""Event: who entered or left a room → when they were last seen there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.adapters.postgres.last_seen import remember_last_seen
from app.protocol.records import ChatEventValue, chat_event_decoder
from app.protocol.topics import CHAT_EVENT, EVENT_GROUP
from app.services.reading import read_value
from bridge.consuming import Consuming
from bridge.records import RawRecord


@dataclass(frozen=True, slots=True)
class Seen:
    """What happened in a room, and when."""

    event: ChatEventValue
    at: datetime


class Event(Consuming[Seen]):
    """Acknowledges after PostgreSQL has it; a repeat writes the same."""

    name = "event"
    group = EVENT_GROUP
    topics = (CHAT_EVENT,)

    def read(self, raw: RawRecord) -> Seen:
        """The event, at its log time."""
        return Seen(read_value(chat_event_decoder, raw.value), raw.log_time)

    def handle(self, items: Sequence[Seen]) -> None:
        """Write them down."""
        with self._ports.begin() as connection:
            for seen in items:
                if seen.event.user_id is not None:
                    remember_last_seen(connection, seen.event.room_id, seen.event.user_id, seen.at)
