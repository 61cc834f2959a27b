"""How fast bids that waited are decided: they are written while no worker runs."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import psycopg2
from psycopg2.extensions import connection

from app.domain.ids import bid_id
from app.domain.time import rfc3339
from app.protocol.records import BidValue
from app.protocol.topics import AUCTION_BID
from app.settings import read_settings
from lanes.kafka.connect import make_producer
from stack.bench.application import Application
from stack.bench.storm import prepare_run
from stack.slowness import wait_until

BIDDERS = 20
STEP = 500_000  # KRW: no bid is too low at any price
WAIT_S = 180.0
POLL_S = 0.02
FLUSHED = 2_000  # records: more would be too old before their turn comes

USERS = """
SELECT id FROM users WHERE id <> (SELECT seller_id FROM auctions WHERE id = %s)
ORDER BY id DESC LIMIT %s"""
WAITING = "SELECT count(*) FROM inbox_waiting WHERE topic = %s"
NONE_WAITS = "SELECT NOT EXISTS (SELECT FROM inbox_waiting WHERE topic = %s)"
HAS_BEGUN = "SELECT EXISTS (SELECT FROM bids WHERE auction_id = ANY(%s))"


def drained_per_s(application: Application, *, records: int, auctions: int) -> float:
    """Write `records` bids on so many auctions without workers, start these, and time them.

    The time is from the first bid that is decided to the last: it has no start of a process in it.
    """
    ids = _open_auctions(application, auctions)
    with closing(psycopg2.connect(application.addresses["DATABASE_URL"])) as database:
        database.autocommit = True
        bidders = [row[0] for row in _rows(database, USERS, (ids[0], BIDDERS))]
        topic = (AUCTION_BID.name,)
        with application.workers_stopped() as start:
            _write(application, _bids(records, ids, bidders))
            _wait_until(
                lambda: _rows(database, WAITING, topic)[0][0] >= records, "all bids are ingested"
            )
            start()
            begun = _wait_until(
                lambda: _rows(database, HAS_BEGUN, (ids,))[0][0], "a bid is decided"
            )
            ended = _wait_until(lambda: _rows(database, NONE_WAITS, topic)[0][0], "no bid waits")
    return records / (ended - begun)


def _open_auctions(application: Application, auctions: int) -> list[int]:
    with TemporaryDirectory() as directory:
        target = Path(directory) / "prepared.json"
        prepare_run(
            application.executable,
            url=application.addresses["BASE_URL"],
            users=BIDDERS,
            auctions=auctions,
            users_file=application.users_file,
            target=target,
        )
        ids: list[int] = json.loads(target.read_text(encoding="utf-8"))["auctions"]
    return ids


def _bids(records: int, auctions: Sequence[int], bidders: Sequence[int]) -> Iterator[BidValue]:
    now = rfc3339(datetime.now(UTC))
    for number in range(records):
        auction, bidder, key = (
            auctions[number % len(auctions)],
            bidders[number % len(bidders)],
            f"drain-{number}",
        )
        yield BidValue(
            v=1,
            bid_id=bid_id(bidder, auction, key),
            auction_id=auction,
            bidder_id=bidder,
            amount=STEP * (1 + number // len(auctions)),
            kind="exact",
            confirm=True,
            key=key,
            received_at=now,
        )


def _write(application: Application, bids: Iterator[BidValue]) -> None:
    """Put the bids into the log, as a gateway does."""
    producer = make_producer(read_settings(application.stack.environment()).kafka, name="bench")
    for number, bid in enumerate(bids):
        producer.send(AUCTION_BID.name, key=b"%d" % bid.auction_id, value=msgspec.json.encode(bid))
        if number % FLUSHED == 0:
            producer.flush()
    producer.flush()
    producer.close()


def _rows(database: connection, query: str, values: Sequence[object]) -> list[tuple[int, ...]]:
    with database.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall()


def _wait_until(condition: Callable[[], object], what: str) -> float:
    """Return when it was so (time.monotonic); StackFault when it is not so in time."""
    wait_until(condition, what, seconds=WAIT_S, poll_s=POLL_S)
    return time.monotonic()
