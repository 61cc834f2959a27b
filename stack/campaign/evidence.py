"""What the verdict is made from: journal, log and rows, read straight from where they are."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from app.protocol.topics import AUCTION_BID
from stack.campaign.environment import Environment
from stack.campaign.verdict import BidRow, RecordId
from stack.websocket_client import Frame

POLL_MS = 500
TIMEOUTS_MAX = 60
# All bids whose record is at one of these offsets or after it.
ROWS = """
    SELECT bid_id::text, auction_id, status, seq, automatic, partition, "offset" FROM bids
    WHERE "offset" >= (%s::jsonb ->> partition::text)::bigint
"""

OTHERS = """
    SELECT partition, "offset" FROM
      (SELECT topic, partition, "offset" FROM decisions
       UNION ALL SELECT topic, partition, "offset" FROM lanes.dead_letters) AS others
    WHERE topic = 'auction-bid' AND "offset" >= (%s::jsonb ->> partition::text)::bigint
"""


def journal_lines(file: Path) -> Iterator[Frame]:
    """Yield the lines of a journal file."""
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def log_ends(environment: Environment) -> dict[int, int]:
    """By partition of `auction-bid`, the offset its next record will get."""
    return {part.partition: end for part, end in environment.ends(AUCTION_BID).items()}


def bids_in_log(environment: Environment, since: Mapping[int, int]) -> dict[RecordId, str]:
    """The bid_id of each bid's record from these offsets on."""
    ends, timeouts = environment.ends(AUCTION_BID), 0
    found: dict[RecordId, str] = {}
    with environment.consumer() as consumer:
        consumer.assign(list(ends))
        for part in ends:
            consumer.seek(part, since[part.partition])
        while any(consumer.position(part) < end for part, end in ends.items()):
            polled = consumer.poll(timeout_ms=POLL_MS)
            timeouts = 0 if polled else timeouts + 1
            if timeouts > TIMEOUTS_MAX:
                raise OSError("Kafka does not give the log")
            for part, records in polled.items():
                for record in records:
                    value = json.loads(record.value)
                    if value["type"] == "bid":
                        found[part.partition, record.offset] = str(value["bid_id"])
    return found


def bid_rows(environment: Environment, since: Mapping[int, int]) -> list[BidRow]:
    """The rows of `bids` of records from these offsets on."""
    offsets = json.dumps({str(partition): offset for partition, offset in since.items()})
    rows = environment.sql(ROWS.replace("%s", f"'{offsets}'"))
    return [
        BidRow(bid_id, auction_id, status, seq, automatic, (partition, offset))
        for bid_id, auction_id, status, seq, automatic, partition, offset in rows
    ]


def other_record_ids(environment: Environment, since: Mapping[int, int]) -> set[RecordId]:
    """Where records are, from these offsets on, that left something else than a row of `bids`."""
    offsets = json.dumps({str(partition): offset for partition, offset in since.items()})
    found = environment.sql(OTHERS.replace("%s", f"'{offsets}'"))
    return {(partition, offset) for partition, offset in found}
