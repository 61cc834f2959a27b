"""Event: who entered or left a room → when they were last seen there."""

import msgspec
from kafka import KafkaConsumer
from sqlalchemy import Engine

from app.adapters.kafka.consumer import make_consumer
from app.adapters.postgres.last_seen import remember_last_seen
from app.domain.time import from_epoch_ms
from app.protocol.records import ChatEventValue
from app.protocol.topics import CHAT_EVENT, EVENT_GROUP
from app.settings import Settings

event_decoder = msgspec.json.Decoder(ChatEventValue)


class Event:
    """Acknowledges after PostgreSQL has it; a repeat writes the same."""

    name = "event"

    def __init__(self, *, settings: Settings, engine: Engine) -> None:
        self._settings = settings
        self._engine = engine
        self._consumer: KafkaConsumer | None = None

    def open(self) -> None:
        """Join the group."""
        self._consumer = make_consumer(self._settings, group=EVENT_GROUP, name=self.name)
        self._consumer.subscribe([CHAT_EVENT.name])

    def close(self) -> None:
        """Leave it."""
        if self._consumer is not None:
            self._consumer.close(autocommit=False, timeout_ms=2_000)
            self._consumer = None

    def step(self) -> None:
        """Write down what one poll gives."""
        if self._consumer is None:
            raise RuntimeError("not open")
        polled = self._consumer.poll(timeout_ms=self._settings.limits.poll_wait_ms)
        records = [record for batch in polled.values() for record in batch]
        if not records:
            return
        with self._engine.begin() as connection:
            for record in records:
                event = event_decoder.decode(record.value)
                at = from_epoch_ms(record.timestamp)
                if event.user_id is not None:
                    remember_last_seen(connection, event.room_id, event.user_id, at)
        self._consumer.commit_async()
