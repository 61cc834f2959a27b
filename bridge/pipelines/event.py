"""Event: joins and leaves of rooms → when members were last seen there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from app.adapters.postgres.last_seen import remember_last_seen
from app.protocol.records import ChatEventValue, chat_event_decoder
from app.protocol.topics import CHAT_EVENT, EVENT_GROUP
from app.services.reading import read_value
from lanes import Begin
from lanes.record import RawRecord
from lanes.record_processor import RecordHandler


@dataclass(frozen=True, slots=True)
class RoomVisit:
    """A join or leave of a room, and its time."""

    event: ChatEventValue
    at: datetime


class Event(RecordHandler[RoomVisit]):
    """Commits after PostgreSQL has the times; a repeat writes the same."""

    group = EVENT_GROUP
    topics = (CHAT_EVENT,)

    def __init__(self, begin: Begin[Connection]) -> None:
        self._begin = begin

    def read(self, raw: RawRecord) -> RoomVisit:
        """Decode the event, with its log time."""
        return RoomVisit(read_value(chat_event_decoder, raw.value), raw.log_time)

    def handle(self, items: Sequence[RoomVisit]) -> None:
        """Store the times."""
        with self._begin() as connection:
            for seen in items:
                if seen.event.user_id is not None:
                    remember_last_seen(connection, seen.event.room_id, seen.event.user_id, seen.at)
