"""A long topic, decided in this process by the application's handler: no bridge, no worker.

`make run profile=test c="python -m tests.integration.audit.long_log RECORDS AUCTIONS"`
writes one to be audited by hand, on the servers of `make servers profile=test`.
"""

import random
import sys
from collections.abc import Iterator, Sequence
from itertools import islice

import msgspec
from kafka import KafkaProducer
from sqlalchemy import Connection

from app.domain.ids import bid_id
from app.protocol.records import BidValue
from app.protocol.topics import AUCTION_BID, AUCTION_EVENT
from app.settings import read_settings
from lanes.audit.ports import LogRecord
from lanes.kafka.connect import make_producer
from lanes.record import InboxRecord, OutboxMessage
from tests.containers import Container, build_container
from tests.integration.audit.scenario import Lot, new_lot

BIDDERS = 50
BATCH = 500  # as settling cuts it
INGESTED_AT_ONCE = 5_000
REPEATED = 10  # every tenth bid is sent twice
RISE = 600_000  # won from one bid of an auction to the next
SET_PROGRESS = """
INSERT INTO lanes.ingest_progress (topic, partition, topic_id, next_offset) VALUES (%s, %s, '', %s)
ON CONFLICT (topic, partition) DO UPDATE SET next_offset = excluded.next_offset"""

TAKE_OUTBOX = "DELETE FROM lanes.outbox WHERE topic = %s RETURNING key, payload"


def write(container: Container, *, records: int, auctions: int) -> list[Lot]:
    """Put so many bids on new auctions into the log, and decide and publish all of them."""
    lots = [new_lot(container, lasts_s=24 * 3_600, bidders=BIDDERS) for _ in range(auctions)]
    begun = _ends(container)
    producer = make_producer(container.settings.kafka, name="tests")
    for value in _bids(lots, records):
        payload = msgspec.json.encode(value)
        producer.send(AUCTION_BID.name, key=b"%d" % value.auction_id, value=payload)
    producer.flush()
    _publish_first_states(container, producer)
    for partition, end in _ends(container).items():
        _decide(container, producer, partition, begun[partition], end)
    producer.close()
    return lots


def _publish_first_states(container: Container, producer: KafkaProducer) -> None:
    with container.engine.begin() as connection:
        for key, payload in connection.exec_driver_sql(TAKE_OUTBOX, (AUCTION_EVENT.name,)):
            producer.send(AUCTION_EVENT.name, key=key.encode(), value=payload.encode())


def _bids(lots: Sequence[Lot], records: int) -> Iterator[BidValue]:
    chance = random.Random(records)
    number = 0
    while number < records:
        lot = chance.choice(lots)
        bidder, key = chance.choice(lot.bidders), f"k{number}"
        value = BidValue(
            v=1,
            bid_id=bid_id(bidder, lot.auction_id, key),
            auction_id=lot.auction_id,
            bidder_id=bidder,
            # Rises as fast as the steps do, so that about half of the bids are high enough.
            amount=1_000 + number * RISE // len(lots) + chance.randrange(2 * RISE),
            kind=chance.choice(["exact", "max"]),
            confirm=True,
            key=key,
            received_at="",
        )
        for _ in range(2 if number % REPEATED == 0 else 1):
            yield value
            number += 1


def _ends(container: Container) -> dict[int, int]:
    return {part: end for part, (_, end) in container.log_reader.bounds(AUCTION_BID).items()}


def _decide(
    container: Container, producer: KafkaProducer, partition: int, first: int, end: int
) -> None:
    """Do the work of ingest, workers and relay: ingest, settle lane by lane, publish."""
    records = container.log_reader.read(AUCTION_BID.name, partition, first=first, until=end)
    while ingested := [_ingested(record) for record in islice(records, INGESTED_AT_ONCE)]:
        following = ingested[-1].offset + 1
        with container.engine.begin() as connection:
            connection.exec_driver_sql(SET_PROGRESS, (AUCTION_BID.name, partition, following))
            messages = _settle(container, connection, ingested)
        for message in messages:
            key, value = message.key.encode(), message.payload.encode()
            producer.send(AUCTION_EVENT.name, key=key, value=value)


def _settle(
    container: Container, connection: Connection, ingested: Sequence[InboxRecord]
) -> list[OutboxMessage]:
    handler = container.lane_topics[AUCTION_BID.name].handler
    lanes: dict[str, list[InboxRecord]] = {}
    for record in ingested:
        lanes.setdefault(record.key, []).append(record)
    messages: list[OutboxMessage] = []
    for key, waiting in lanes.items():
        for start in range(0, len(waiting), BATCH):
            batch = waiting[start : start + BATCH]
            state = handler.load(connection, {key: batch})
            (settlement,) = handler.settle(connection, state, {key: batch})
            messages += settlement.messages
    return messages


def _ingested(record: LogRecord) -> InboxRecord:
    return InboxRecord(
        record.topic,
        record.partition,
        record.offset,
        record.lane or "",
        record.value.decode(),
        record.log_time,
    )


if __name__ == "__main__":
    container = build_container(read_settings(), application="long-log")
    write(container, records=int(sys.argv[1]), auctions=int(sys.argv[2]))
