"""What the verdict is made from: journal, log and rows, read straight from where they are."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from kafka import KafkaConsumer, TopicPartition

from app.adapters.kafka.security import client_arguments
from app.protocol.topics import AUCTION_BID
from app.settings import read_settings
from stack.campaign.ground import Ground
from stack.campaign.journal import Frame
from stack.campaign.verdict import BidRow, Place

POLL_MS = 500
TIMEOUTS_MAX = 60
# Of all bids whose record is in the part of the log that is looked at.
ROWS = """
    SELECT bid_id::text, auction_id, status, seq, automatic, partition, "offset" FROM bids
    WHERE "offset" >= (%s::jsonb ->> partition::text)::bigint
"""

OTHERS = """
    SELECT partition, "offset" FROM
      (SELECT topic, partition, "offset" FROM decisions
       UNION ALL SELECT topic, partition, "offset" FROM dead_letters) AS others
    WHERE topic = 'auction-bid' AND "offset" >= (%s::jsonb ->> partition::text)::bigint
"""


def journal_lines(file: Path) -> Iterator[Frame]:
    """One by one."""
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def log_ends(ground: Ground) -> dict[int, int]:
    """By partition of `auction-bid`, the offset its next record will get."""
    consumer = _consumer(ground)
    try:
        ends = consumer.end_offsets(_partitions())
    finally:
        consumer.close()
    return {part.partition: end for part, end in ends.items()}


def bids_in_log(ground: Ground, since: Mapping[int, int]) -> dict[Place, str]:
    """The bid_id of each bid's record from these offsets on."""
    consumer, found = _consumer(ground), {}
    try:
        parts = _partitions()
        consumer.assign(parts)
        for part in parts:
            consumer.seek(part, since[part.partition])
        ends, timeouts = consumer.end_offsets(parts), 0
        while any(consumer.position(part) < ends[part] for part in parts):
            polled = consumer.poll(timeout_ms=POLL_MS)
            timeouts = 0 if polled else timeouts + 1
            if timeouts > TIMEOUTS_MAX:
                raise OSError("Kafka does not give the log")
            for part, records in polled.items():
                for record in records:
                    value = json.loads(record.value)
                    if value["type"] == "bid":
                        found[part.partition, record.offset] = str(value["bid_id"])
    finally:
        consumer.close()
    return found


def bid_rows(ground: Ground, since: Mapping[int, int]) -> list[BidRow]:
    """The rows of `bids` of records from these offsets on."""
    offsets = json.dumps({str(partition): offset for partition, offset in since.items()})
    rows = ground.sql(ROWS.replace("%s", f"'{offsets}'"))
    return [
        BidRow(bid_id, auction_id, status, seq, automatic, (partition, offset))
        for bid_id, auction_id, status, seq, automatic, partition, offset in rows
    ]


def other_places(ground: Ground, since: Mapping[int, int]) -> set[Place]:
    """Where records are, from these offsets on, that left something else than a row of `bids`."""
    offsets = json.dumps({str(partition): offset for partition, offset in since.items()})
    found = ground.sql(OTHERS.replace("%s", f"'{offsets}'"))
    return {(partition, offset) for partition, offset in found}


def _partitions() -> list[TopicPartition]:
    return [TopicPartition(AUCTION_BID.name, number) for number in range(AUCTION_BID.partitions)]


def _consumer(ground: Ground) -> KafkaConsumer:
    settings = read_settings(ground.stack.environment())
    return KafkaConsumer(**client_arguments(settings), enable_auto_commit=False)
