"""How many bytes each store keeps of a load: read before and after it, and told per million.

PostgreSQL tells heap and indexes of each table apart, and how much WAL it has written; of Kafka the
files of each topic count, of Redis the memory in use, of MongoDB what `collStats` says. A table
whose rows come and go (inbox, outbox) shows what its files have grown to, once.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import psycopg2
from psycopg2.extensions import connection
from pymongo import MongoClient
from redis import Redis

from app.adapters.mongo.messages import COLLECTION, DATABASE
from app.domain.time import rfc3339
from app.protocol.records import ChatMessageValue
from app.protocol.topics import ALL_TOPICS, CHAT_MESSAGE
from app.settings import read_settings
from lanes.kafka.connect import make_producer
from stack.runtime import Stack
from stack.slowness import wait_until

MILLION = 1_000_000
MESSAGES = 20_000  # of chat, that are measured
MESSAGE = "얼마까지 가나요? I would not go above that, honestly."  # 68 bytes, as people write
ROOMS = 100
ROOM_FIRST = 1_000_000_000  # no auction's room is called so
BLOCK = 512  # what st_blocks counts
REST_S, POLL_S = 120.0, 0.2
SMALL = 0.5  # MB per million that are not worth a line

TABLES = """
SELECT relname, pg_table_size(relid), pg_indexes_size(relid) FROM pg_stat_user_tables
WHERE schemaname IN ('public', 'lanes')"""
WAL = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint"
AT_REST = "SELECT NOT EXISTS (SELECT FROM lanes.inbox) AND NOT EXISTS (SELECT FROM lanes.outbox)"
UPDATES = """
SELECT relname, n_tup_upd, n_tup_hot_upd, n_dead_tup, autovacuum_count FROM pg_stat_user_tables
WHERE relname = ANY(%s)"""
HOT_TABLES = ("auctions", "auction_bidders", "inbox", "ingest_progress", "outbox")

Bytes = Mapping[str, int]
"""By what keeps them."""


@dataclass(frozen=True, slots=True)
class Updates:
    """What PostgreSQL counts of a table: updates, those made in place, dead rows, vacuums."""

    updates: int
    hot: int
    dead: int
    vacuums: int


@dataclass(frozen=True, slots=True)
class Growth:
    """What `number` things (bids, messages) have added; `updates` by hot table, if looked at."""

    what: str
    number: int
    added: Bytes
    sizes: Bytes
    updates: Mapping[str, Updates]


def growth_of(stack: Stack, what: str, load: Callable[[], int]) -> Growth:
    """Run `load`, which says how much it was, and tell what the stores have grown by."""
    with closing(psycopg2.connect(stack.environment()["DATABASE_URL"])) as database:
        database.autocommit = True  # a transaction would keep every dead row
        _wait_at_rest(database)
        before, updates = _read(stack, database), _updates(database)
        number = load()
        _wait_at_rest(database)
        after = _read(stack, database)
        added = {name: size - before.get(name, 0) for name, size in after.items()}
        grown = {name: _since(updates[name], now) for name, now in _updates(database).items()}
    return Growth(what, number, added, after, grown)


def send_chat(stack: Stack) -> int:
    """Put messages into the log of chat, wait until all are stored, and return their number."""
    settings = read_settings(stack.environment())
    with MongoClient[dict[str, Any]](stack.environment()["MONGODB_URL"]) as mongo:
        messages = mongo.get_default_database(DATABASE)[COLLECTION]
        begun = messages.count_documents({})
        producer = make_producer(settings.kafka, name="bench")
        for value in _messages():
            payload = msgspec.json.encode(value)
            producer.send(CHAT_MESSAGE.name, key=b"%d" % value.room_id, value=payload)
        producer.flush()
        producer.close()
        wait_until(
            lambda: messages.count_documents({}) >= begun + MESSAGES,
            "all messages are stored",
            seconds=REST_S,
            poll_s=POLL_S,
        )
    return MESSAGES


def render_growth(growths: Sequence[Growth]) -> str:
    """The tables, in Markdown: MB per million, and how hot rows were updated."""
    return "\n".join(line for growth in growths for line in _lines(growth))


def _messages() -> Iterator[ChatMessageValue]:
    for number in range(MESSAGES):
        yield ChatMessageValue(
            v=1,
            message_id=uuid4(),
            room_id=ROOM_FIRST + number % ROOMS,
            sender_id=1 + number % 1_000,
            text=MESSAGE,
            key=uuid4().hex,
            sent_at=rfc3339(datetime.now(UTC)),
        )


def _wait_at_rest(database: connection) -> None:
    def is_at_rest() -> bool:
        with database.cursor() as cursor:
            cursor.execute(AT_REST)
            (rests,) = cursor.fetchone() or (False,)
        return bool(rests)

    wait_until(is_at_rest, "inbox and outbox are empty", seconds=REST_S, poll_s=POLL_S)


def _read(stack: Stack, database: connection) -> Bytes:
    environment = stack.environment()
    return {
        **_postgresql(database),
        **_kafka(stack.places.data_dir / "kafka"),
        **_mongodb(environment["MONGODB_URL"]),
        "Redis, memory in use": _redis(environment["REDIS_URL"]),
    }


def _postgresql(database: connection) -> Bytes:
    with database.cursor() as cursor:
        cursor.execute(TABLES)
        tables = cursor.fetchall()
        cursor.execute(WAL)
        (written,) = cursor.fetchone() or (0,)
    heaps = {f"PostgreSQL {name}, heap": heap for name, heap, _ in tables}
    indexes = {f"PostgreSQL {name}, indexes": size for name, _, size in tables}
    return {**heaps, **indexes, "PostgreSQL WAL, written": written}


def _kafka(directory: Path) -> Bytes:
    """By topic, the blocks of its partitions' files: indexes are as long as they may become."""
    sizes: dict[str, int] = {}
    for topic in ALL_TOPICS:
        folders = [directory / f"{topic.name}-{number}" for number in range(topic.partitions)]
        files = [file for folder in folders for file in folder.glob("*") if file.is_file()]
        sizes[f"Kafka {topic.name}"] = sum(file.stat().st_blocks * BLOCK for file in files)
    return sizes


def _mongodb(url: str) -> Bytes:
    with MongoClient[dict[str, Any]](url) as mongo:
        stats = mongo.get_default_database(DATABASE).command("collStats", COLLECTION)
    return {
        "MongoDB messages, documents": int(stats["storageSize"]),
        "MongoDB messages, indexes": int(stats["totalIndexSize"]),
    }


def _redis(url: str) -> int:
    with Redis.from_url(url) as redis:
        return int(redis.info("memory")["used_memory"])


def _updates(database: connection) -> dict[str, Updates]:
    with database.cursor() as cursor:
        cursor.execute(UPDATES, (list(HOT_TABLES),))
        return {name: Updates(*counts) for name, *counts in cursor.fetchall()}


def _since(before: Updates, now: Updates) -> Updates:
    return Updates(
        now.updates - before.updates, now.hot - before.hot, now.dead, now.vacuums - before.vacuums
    )


def _lines(growth: Growth) -> Iterator[str]:
    yield f"| kept of {growth.number:,} {growth.what} | MB | MB per million |"
    yield "|---|---|---|"
    for name, added in sorted(growth.added.items(), key=lambda item: -item[1]):
        per_million = added / growth.number
        if per_million >= SMALL:
            yield f"| {name} | {added / MILLION:,.1f} | {per_million:,.0f} |"
    yield ""
    yield "| table | MB now | updates | in place (HOT) | dead rows | vacuums |"
    yield "|---|---|---|---|---|---|"
    for name, one in growth.updates.items():
        size = (
            growth.sizes[f"PostgreSQL {name}, heap"] + growth.sizes[f"PostgreSQL {name}, indexes"]
        )
        share = f"{one.hot / one.updates:.1%}" if one.updates else "-"
        yield (
            f"| {name} | {size / MILLION:.1f} | {one.updates:,} | {share} | {one.dead:,} "
            f"| {one.vacuums} |"
        )
    yield ""
