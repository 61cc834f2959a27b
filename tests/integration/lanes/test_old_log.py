"""Auctions from before a migration keep the rules they were frozen with, and an
audit of their old log by the new code agrees with what is stored."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import pytest
from sqlalchemy import Engine, NullPool, create_engine

from app.adapters.postgres.auction_audit import PostgresAuctionRows
from app.adapters.postgres.auctions import PostgresAuctions
from app.adapters.postgres.outcomes import PostgresOutcomes
from app.adapters.postgres.settling import PostgresAuctionStore
from app.domain.ids import bid_id
from app.domain.money import AMOUNT_MAX
from app.domain.rules import Rules
from app.protocol.topics import AUCTION_BID
from app.services.auditing.auctions import AuctionAudit
from app.services.auditing.invariants import INVARIANTS
from app.services.rights import default_limits
from app.services.settling import AuctionLane
from app.settings import Limits
from lanes.audit.ports import LogEntry, LogRecord, Scope, StoredRow
from lanes.audit.results import AuditResults
from lanes.postgres.engine import driver_url
from lanes.record import InboxRecord
from tests import old_log
from tests.bid_values import bid_value
from tests.integration.database import alembic, own_database

BID_LIMITS = default_limits(Limits())
BOB = 3
RAISED, HIGHEST = 5, 6
"""Left open by the old code with a price of 1, and with one next to the largest amount."""


@pytest.fixture
def engine() -> Iterator[Engine]:
    """The old rows, migrated."""
    with own_database("old_log") as environment:
        alembic(environment, "upgrade", old_log.REVISION)
        engine = create_engine(
            driver_url(environment["DATABASE_URL"]),
            poolclass=NullPool,
            connect_args={"options": "-c timezone=UTC"},
        )
        with engine.begin() as connection:
            old_log.store(connection)
        alembic(environment, "upgrade", "head")
        yield engine


def test_an_old_log_audits_clean_by_its_own_rules_only(
    engine: Engine,
) -> None:
    records = old_log.records()
    results = audited(engine, records)
    assert results.violated == []
    assert results["I15"].checked >= len(records)
    assert results["I7"].checked == len(old_log.TABLES["auctions"])
    with engine.begin() as connection:
        newer = """UPDATE auctions SET rules = rules || '{"version": 2}'"""
        connection.exec_driver_sql(newer)
    assert audited(engine, records).violated == ["I7", "I15"]


def test_an_older_auction_keeps_its_rules(engine: Engine) -> None:
    old = old_log.records()
    raised = bid(RAISED, 101, offset=len(old))
    highest = bid(HIGHEST, AMOUNT_MAX - 50_000, offset=len(old) + 1)
    for record in (raised, highest):
        settle(engine, record)
    outcomes = {known.receipt.auction_id: known.outcome for known in decided(engine)}
    assert outcomes[RAISED].code == "CONFIRM_NEEDED"
    assert outcomes[HIGHEST].minimum_next_bid == AMOUNT_MAX + 450_000
    shown = PostgresAuctions(engine, bid_limits=BID_LIMITS).auction(HIGHEST, None)
    assert shown.minimum_next_bid is None
    assert audited(engine, [*old, raised, highest]).violated == []


def test_an_auction_is_created_with_the_rules_of_today() -> None:
    assert Rules().version == Rules.from_json(Rules().to_json()).version == 2


def audited(engine: Engine, records: Sequence[InboxRecord]) -> AuditResults:
    """An audit of the auctions, with these records as their log."""
    results = AuditResults(INVARIANTS)
    rows = PostgresAuctionRows(engine)
    audit = AuctionAudit(rows, results)
    with engine.connect() as connection:
        selection = audit.select(connection, Scope())
        stored_rows = list(audit.stored_rows(connection, partition=0, first=0, selection=selection))
        audit.check_batch(connection, [entry(record, stored_rows) for record in records])
        audit.end_partition(connection)
        audit.end(connection, selection)
    return results


def entry(record: InboxRecord, stored_rows: Sequence[StoredRow]) -> LogEntry:
    raw = LogRecord(
        record.topic, record.partition, record.offset, record.key.encode(),
        record.payload.encode(), record.log_time,
    )  # fmt: skip
    own = [stored_row for stored_row in stored_rows if stored_row.offset == record.offset]
    return LogEntry(
        record.topic, record.partition, record.offset, raw, own, waits=False, is_dead_letter=False
    )


def bid(auction_id: int, amount: int, *, offset: int) -> InboxRecord:
    """Bob's bid, unconfirmed, a moment after the last record of the old log."""
    value = bid_value(BOB, auction_id, "new", amount=amount, confirm=False)
    old = [record for record in old_log.records() if record.key == str(auction_id)]
    payload = msgspec.json.encode(value).decode()
    return InboxRecord(AUCTION_BID.name, 0, offset, str(auction_id), payload, old[-1].log_time)


def settle(engine: Engine, record: InboxRecord) -> None:
    lane = AuctionLane(PostgresAuctionStore(), lambda: None)
    with engine.begin() as connection:
        records = {record.key: [record]}
        lane.settle(connection, lane.load(connection, records), records)


def decided(engine: Engine) -> Any:
    ids = [bid_id(BOB, auction_id, "new") for auction_id in (RAISED, HIGHEST)]
    return PostgresOutcomes(engine).decided(ids)
