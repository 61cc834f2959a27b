"""Event: who entered or left a room → when they were last seen there."""

from itertools import chain

import msgspec
from sqlalchemy import Engine

from app.adapters.postgres.last_seen import remember_last_seen
from app.domain.time import from_epoch_ms
from app.protocol.records import ChatEventValue
from app.protocol.topics import CHAT_EVENT, EVENT_GROUP
from app.settings import Settings
from bridge.consuming import Consuming, Polled

event_decoder = msgspec.json.Decoder(ChatEventValue)


class Event(Consuming):
    """Acknowledges after PostgreSQL has it; a repeat writes the same."""

    name = "event"
    group = EVENT_GROUP
    topics = (CHAT_EVENT.name,)

    def __init__(self, *, settings: Settings, engine: Engine) -> None:
        super().__init__(settings=settings)
        self._engine = engine

    def handle(self, polled: Polled) -> None:
        """Write them down."""
        with self._engine.begin() as connection:
            for record in chain.from_iterable(polled.values()):
                event = event_decoder.decode(record.value)
                at = from_epoch_ms(record.timestamp)
                if event.user_id is not None:
                    remember_last_seen(connection, event.room_id, event.user_id, at)
