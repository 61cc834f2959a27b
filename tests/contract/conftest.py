"""The stores that the tests run against: in memory, and PostgreSQL."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine

from lanes.migrations import upgrade
from lanes.parking import ParkedStore
from lanes.ports import Begin, Claims, DeadLetters, InboxWriter, Lanes
from lanes.postgres.claims import PostgresClaims
from lanes.postgres.dead_letters import PostgresDeadLetters
from lanes.postgres.engine import driver_url
from lanes.postgres.lanes import PostgresInboxWriter, PostgresLanes
from lanes.postgres.parked import PostgresParkedStore
from lanes.postgres.schema_name import SCHEMA
from lanes.postgres.statements import execute, with_schema
from lanes.postgres.transactions import transactions
from lanes.record import OutboxMessage
from lanes.testing import MemoryParkedStore, MemoryPorts, MemoryStore
from lanes.topic import DEAD_LETTER_SUFFIX
from tests.integration.conftest import stack
from tests.integration.database import own_database

__all__ = ["stack"]

LOCK_WAIT_MS = 200
ANOTHER_SCHEMA = "order"  # a word of SQL
_OUTBOX = """
SELECT topic, key, payload, traceparent, headers FROM lanes.outbox
WHERE dead_letter_id IS NULL ORDER BY id"""
_QUEUED = """
SELECT outbox.topic, letter."offset" FROM lanes.outbox
JOIN lanes.dead_letters AS letter ON letter.id = outbox.dead_letter_id ORDER BY outbox.id"""
_EMPTY = """
TRUNCATE lanes.inbox, lanes.ingest_progress, lanes.outbox, lanes.dead_letters, lanes.parked_lanes,
  lanes.parked_partitions, lanes.claims, lanes.lane_versions CASCADE"""


@dataclass(frozen=True)
class Ports:
    """The ports of one store; all but `begin` are used inside its transactions."""

    begin: Begin[Any]
    inbox_writer: InboxWriter[Any]
    lanes: Lanes[Any]
    claims: Claims[Any]
    dead_letters: DeadLetters[Any]
    parked: ParkedStore

    def outbox(self) -> list[OutboxMessage]:
        """The messages that are to be sent, dead letters aside, in order."""
        raise NotImplementedError

    def queued_dead_letters(self) -> list[tuple[str, int]]:
        """Of each dead letter to be sent, the topic it is sent to and its offset."""
        raise NotImplementedError


@dataclass(frozen=True)
class MemoryStorePorts(Ports):
    """In memory."""

    store: MemoryStore

    def outbox(self) -> list[OutboxMessage]:
        return [one for one in self.store.sent if isinstance(one, OutboxMessage)]

    def queued_dead_letters(self) -> list[tuple[str, int]]:
        return [
            (one.topic + DEAD_LETTER_SUFFIX, one.offset)
            for one in self.store.sent
            if not isinstance(one, OutboxMessage)
        ]


class PostgresPorts(Ports):
    """In PostgreSQL."""

    def outbox(self) -> list[OutboxMessage]:
        with self.begin() as transaction:
            return [OutboxMessage(*row) for row in execute(transaction, _OUTBOX)]

    def queued_dead_letters(self) -> list[tuple[str, int]]:
        with self.begin() as transaction:
            return [(topic, offset) for topic, offset in execute(transaction, _QUEUED)]


@pytest.fixture(scope="session")
def database(stack: object) -> Iterator[str]:
    """The URL of an own database with the platform's tables, and no others."""
    with own_database("contract") as environment:
        engine = create_engine(driver_url(environment["DATABASE_URL"]), poolclass=NullPool)
        with engine.begin() as connection:
            for schema in (SCHEMA, ANOTHER_SCHEMA):
                connection.exec_driver_sql(f'CREATE SCHEMA "{schema}"')
                upgrade(connection, schema=schema)
        yield environment["DATABASE_URL"]


@pytest.fixture(params=["memory", SCHEMA, ANOTHER_SCHEMA])
def ports(request: pytest.FixtureRequest) -> Ports:
    """The ports of an empty store: in memory, or in a schema of PostgreSQL."""
    if request.param == "memory":
        return _memory()
    return _postgres(request.getfixturevalue("database"), request.param)


def _memory() -> Ports:
    store, ports = MemoryStore(), MemoryPorts()
    parked = MemoryParkedStore(store)
    return MemoryStorePorts(store.begin, ports, ports, ports, ports, parked, store)


def _postgres(database_url: str, schema: str) -> Ports:
    options = f"-c lock_timeout={LOCK_WAIT_MS}"
    engine = create_engine(
        driver_url(database_url), poolclass=NullPool, connect_args={"options": options}
    )
    begin = transactions(with_schema(engine, schema))
    with begin() as transaction:
        execute(transaction, _EMPTY)
    return PostgresPorts(
        begin, PostgresInboxWriter(), PostgresLanes(), PostgresClaims(),
        PostgresDeadLetters(),
        PostgresParkedStore(begin),
    )  # fmt: skip
