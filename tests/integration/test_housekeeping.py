"""Only old rows are deleted."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, NullPool, create_engine

from app.adapters.mongo.messages import MongoMessages, make_client
from app.adapters.postgres.purging import OldNotices, ReplayedDeadLetters
from app.adapters.postgres.rooms import PostgresRooms
from app.adapters.redis.bookmark import RedisBookmark
from app.adapters.redis.connect import connect
from app.domain.time import rfc3339
from app.observability import metrics
from app.protocol.channels import OLD_CHAT_KEY
from app.protocol.fanout import RoomPublication
from app.protocol.records import ChatMessageValue
from app.protocol.topics import AUCTION_BID, CHAT_MESSAGE
from app.services.housekeeping import CHORES, Chore
from app.services.old_chat import OldChat
from app.settings import read_settings
from lanes.postgres.engine import driver_url
from stack import Stack
from tests.containers import build_container
from tests.integration.database import alembic, own_database

DAYS = 30
NOW = datetime.now(UTC)
OLD, RECENT = NOW - timedelta(days=DAYS + 1), NOW - timedelta(days=DAYS - 1)


@pytest.fixture(scope="module")
def engine(stack: Stack) -> Iterator[Engine]:
    with own_database("housekeeping") as environment:
        alembic(environment, "upgrade", "head")
        yield create_engine(driver_url(environment["DATABASE_URL"]), poolclass=NullPool)


def test_only_old_notices_are_deleted(engine: Engine) -> None:
    add = """INSERT INTO notices (user_id, auction_id, kind, params, at)
    VALUES (%s, 1, 'won', '{}', %s)"""
    with engine.begin() as connection:
        for user_id, at in enumerate([OLD, OLD, OLD, RECENT, NOW]):
            connection.exec_driver_sql(add, (user_id, at))
    removed = do(OldNotices(engine, days=DAYS), limit=2)
    assert removed == 3
    assert column(engine, "SELECT user_id FROM notices ORDER BY 1") == [3, 4]


def test_housekeeping_runs_every_chore(stack: Stack) -> None:
    container = build_container(read_settings(stack.environment()), application="tests")
    long_ago = NOW - timedelta(days=container.settings.limits.notice_days + 1)
    add = """INSERT INTO notices (id, user_id, auction_id, kind, params, at, published_at)
    OVERRIDING SYSTEM VALUE VALUES (-1, 1, 1, 'won', '{}', %s, now())"""  # before all others
    with container.engine.begin() as connection:
        connection.exec_driver_sql(add, (long_ago,))
    failures = {name: failed(name) for name in CHORES}
    container.housekeeping.run()
    assert column(container.engine, "SELECT id FROM notices WHERE id = -1") == []
    assert {name: failed(name) for name in CHORES} == failures
    container.engine.dispose()


def failed(chore: str) -> float:
    counter: float = metrics.HOUSEKEEPING_FAILURES.labels(chore)._value.get()
    return counter


def test_only_replayed_letters_of_expiring_topics_are_deleted(engine: Engine) -> None:
    letters = {
        "old and replayed": (CHAT_MESSAGE.name, OLD, 7),
        "never replayed": (CHAT_MESSAGE.name, OLD, None),
        "never replayed, very old": (CHAT_MESSAGE.name, OLD - timedelta(days=DAYS), None),
        "replay not acknowledged": (CHAT_MESSAGE.name, OLD, -1),
        "recent": (CHAT_MESSAGE.name, RECENT, 7),
        "of the log that is kept": (AUCTION_BID.name, OLD, 7),
    }
    for number, (trace_id, (topic, at, offset)) in enumerate(letters.items()):
        add_letter(engine, number, trace_id, topic, at, offset)
    chore = ReplayedDeadLetters(
        engine, topics=[CHAT_MESSAGE.name], days=DAYS, unreplayed_days=2 * DAYS
    )
    assert do(chore, limit=1) == 2
    left = column(engine, "SELECT trace_id FROM dead_letters ORDER BY id")
    assert set(letters) - set(left) == {"old and replayed", "never replayed, very old"}


def add_letter(
    engine: Engine, number: int, trace_id: str, topic: str, at: datetime, offset: int | None
) -> None:
    """A dead letter; `offset` of its replay: None for no replay, -1 for one without a place."""
    with engine.begin() as connection:
        letter_id = connection.exec_driver_sql(
            """INSERT INTO dead_letters (topic, partition, "offset", payload, log_time,
              consumer_group, reason, error_class, message, attempts, first_failed_at, trace_id,
              created_at) VALUES (%s, 0, %s, '', %s, 'g', 'r', 'e', 'm', 1, %s, %s, %s)
            RETURNING id""",
            (topic, number, at, at, trace_id, at),
        ).scalar_one()
        if offset is not None:
            connection.exec_driver_sql(
                """INSERT INTO replays (dead_letter_id, requested_by, forced, "offset")
                VALUES (%s, 'tests', false, %s)""",
                (letter_id, None if offset < 0 else offset),
            )


def test_chat_is_deleted_room_by_room_when_it_is_old(stack: Stack, engine: Engine) -> None:
    settings = read_settings(stack.environment())
    client = make_client(settings.mongodb_url, limits=settings.limits, name="tests")
    messages, redis = (
        MongoMessages(client),
        connect(settings.redis_fanout_url, limits=settings.limits),
    )
    redis.delete(OLD_CHAT_KEY)
    old_room, new_room = (add_room(engine, at) for at in (OLD, NOW))
    old, recent = (
        [add_message(messages, old_room, seq, at) for seq in range(first, first + 3)]
        for first, at in ((0, OLD), (3, RECENT))
    )
    other = add_message(messages, new_room, 0, OLD)  # cannot be, and is not looked for
    chore = OldChat(
        PostgresRooms(engine), messages, RedisBookmark(redis), days=DAYS, clock=lambda: NOW
    )
    assert do(chore, limit=2) == len(old)
    left = {
        one.message_id for one in messages.stored([str(each) for each in [*old, *recent, other]])
    }
    assert left == {str(one) for one in [*recent, other]}
    assert redis.ttl(OLD_CHAT_KEY) > 0
    client.close()


def add_message(messages: MongoMessages, room_id: int, seq: int, at: datetime) -> UUID:
    message_id = uuid4()
    value = ChatMessageValue(
        v=1,
        message_id=message_id,
        room_id=room_id,
        sender_id=1,
        text="text",
        key="k",
        sent_at=rfc3339(at),
    )
    messages.save_many([RoomPublication(seq=seq, message=value)])
    return message_id


def add_room(engine: Engine, at: datetime) -> int:
    """Create a room with a unique id, because all tests share the store of messages."""
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "SELECT setval('rooms_id_seq', 1000000000 + floor(random() * 1e9)::bigint)"
        )
        add = "INSERT INTO rooms (type, name, created_at) VALUES ('auction', 'n', %s) RETURNING id"
        return int(connection.exec_driver_sql(add, (at,)).scalar_one())


def do(chore: Chore, *, limit: int) -> int:
    """Do all there is to do; how many rows that were."""
    total, more = 0, True
    while more:
        removed = chore.remove(limit)
        total, more = total + removed.rows, removed.more
    return total


def column(engine: Engine, query: str) -> list[object]:
    with engine.connect() as connection:
        return [row[0] for row in connection.exec_driver_sql(query)]
