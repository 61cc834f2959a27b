"""Every tenth bid is produced twice, straight to Kafka: as a retry that doubled it would be."""

import itertools
import threading
from contextlib import suppress
from datetime import UTC, datetime

import msgspec
from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError

from app.domain.ids import bid_id
from app.domain.time import rfc3339
from app.protocol.records import BidValue
from app.protocol.topics import AUCTION_BID
from app.settings import Settings
from lanes.kafka.security import client_arguments
from stack.websocket_client import Frame

EVERY = 10
TIMEOUT_MS = 4_000


class Duplicates:
    """`every` bids one is doubled. The copy may come before the original, or without it."""

    def __init__(self, settings: Settings) -> None:
        self.every = EVERY
        self.produced = 0
        self._count, self._lock = itertools.count(1), threading.Lock()
        self._producer = KafkaProducer(
            **client_arguments(settings.kafka),
            enable_idempotence=False,  # it would not recover from a broker that stalled
            max_in_flight_requests_per_connection=1,
            delivery_timeout_ms=TIMEOUT_MS,
            request_timeout_ms=TIMEOUT_MS - 1_000,
            max_block_ms=100,
        )

    def sent(self, bidder_id: int, frame: Frame) -> None:
        """A client sends this bid now."""
        with self._lock:
            if next(self._count) % self.every:
                return
        value = BidValue(
            v=1,
            bid_id=bid_id(bidder_id, frame["auction_id"], frame["key"]),
            auction_id=frame["auction_id"],
            bidder_id=bidder_id,
            amount=frame["amount"],
            kind=frame["kind"],
            confirm=frame["confirm"],
            key=frame["key"],
            received_at=rfc3339(datetime.now(UTC)),
        )
        try:
            self._producer.send(
                AUCTION_BID.name, key=b"%d" % value.auction_id, value=msgspec.json.encode(value)
            ).add_callback(self._appended)
        except KafkaError:  # the broker is what is being broken
            return

    def close(self) -> None:
        """Give up what is not acknowledged."""
        with suppress(KafkaTimeoutError):
            self._producer.close(timeout=1)

    def _appended(self, _place: object) -> None:
        self.produced += 1
