"""Lanes of one task are settled in one transaction; a failing one does not affect the others."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from sqlalchemy import Engine, NullPool, create_engine, insert

from app.adapters.postgres import schema
from app.adapters.postgres.settling import PostgresAuctionStore
from app.protocol.topics import AUCTION_BID, INGEST_GROUP
from app.services import settling
from app.services.settling import AuctionLane
from lanes.claims import LateLanes
from lanes.dead_letter import Parking
from lanes.dead_letter_writer import DeadLetterWriter
from lanes.handler import LaneTopic
from lanes.policy import DeadLetterLimit
from lanes.postgres.claims import PostgresClaims
from lanes.postgres.dead_letters import PostgresDeadLetters
from lanes.postgres.engine import PLAN_ONCE, driver_url
from lanes.postgres.lanes import PostgresInboxWriter, PostgresLanes
from lanes.postgres.transactions import transactions
from lanes.record import InboxRecord
from lanes.settle import ContendedError, LaneSettler
from lanes.wake import Lane
from tests.bid_values import bid_value
from tests.integration.database import alembic, own_database
from tests.integration.lanes.cluster import insert_auction

BATCH = 12
POISON = 666_666
NO_AUCTION = 10**15
PARTITIONS = 12


class House:
    """Auctions, records that wait for them, and a worker that a test runs by hand."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.begin = engine, transactions(engine)
        self.busy: list[Lane] = []
        self.lanes = PostgresLanes()
        self.bids: list[InboxRecord] = []
        self._topic = LaneTopic(
            topic=AUCTION_BID,
            group=INGEST_GROUP,
            queue="bids",
            check=settling.check,
            identify=settling.identify,
            handler=AuctionLane(PostgresAuctionStore(), lambda: None),
        )
        self._settler = LaneSettler(
            begin=self.begin,
            lanes=self.lanes,
            late_lanes=LateLanes(
                begin=self.begin,
                claims=PostgresClaims(),
                after_s=60,
                crashes_max=3,
                clock=time.time,
            ),
            dead_letter_writer=DeadLetterWriter(
                begin=self.begin,
                lanes=self.lanes,
                dead_letters=PostgresDeadLetters(),
                dead_letter_limit=DeadLetterLimit(per_lane=9, per_partition=9, window_s=60),
                batch_max=BATCH,
            ),
            batch_max=BATCH,
            turn_s=60,
            again=self.busy.extend,
            busy=self.busy.extend,
            wake_after=lambda lanes, _: self.busy.extend(lanes),
        )

    def auctions(self, number: int) -> list[int]:
        """New open auctions."""
        return [insert_auction(self.engine, lasts_s=3_600).auction_id for _ in range(number)]

    def bid(self, auction_id: int, *amounts: int) -> None:
        """Bids that wait to be decided."""
        for amount in amounts:
            offset = len(self.bids)
            value = bid_value(self._bidder(), auction_id, f"key-{offset}", amount=amount)
            self.bids.append(
                InboxRecord(
                    AUCTION_BID.name,
                    auction_id % PARTITIONS,
                    offset,
                    str(auction_id),
                    msgspec.json.encode(value).decode(),
                    datetime.now(UTC),
                )
            )
            with self.begin() as transaction:
                PostgresInboxWriter().insert(transaction, self.bids[-1:])

    def settle_together(self, *auction_ids: int) -> list[int]:
        """One attempt at all; return those that are to be settled alone."""
        keys = [str(auction_id) for auction_id in auction_ids]
        return [int(key) for key in self._settler.settle_together(self._topic, keys)]

    def settle(self, *auction_ids: int) -> None:
        """As a task does it."""
        for auction_id in self.settle_together(*auction_ids):
            self._settler.settle(self._topic, str(auction_id))

    def park(self, auction_id: int) -> None:
        """As an operator does."""
        with self.begin() as transaction:
            self.lanes.park(
                transaction,
                topic=AUCTION_BID.name,
                key=str(auction_id),
                parking=Parking("Held", "by hand"),
            )

    def transactions(self) -> int:
        """How many transactions have decided bids."""
        ((number,),) = self.rows("SELECT count(DISTINCT xmin::text) FROM bids")
        return int(number)

    def check(self, *, waiting: Sequence[int] = (), dead: int = 0) -> None:
        """Assert that of every auction the bids are decided once, in log order, and published in
        the order of versions; but for `waiting`, of which none is, and `dead` dead letters."""
        decided = self.rows('SELECT auction_id, "offset", seq, status FROM bids ORDER BY "offset"')
        letters = self.rows('SELECT "offset" FROM dead_letters')
        answered = Counter(row.offset for row in decided if row.status != "failed")
        answered.update(row.offset for row in letters)
        expected = [record for record in self.bids if int(record.key) not in waiting]
        assert answered == Counter(record.offset for record in expected)
        assert len(letters) == dead
        left = {int(row.key) for row in self.rows("SELECT key FROM inbox")}
        assert left == set(waiting)
        for auction_id in {row.auction_id for row in decided}:
            places = [r.seq for r in decided if r.auction_id == auction_id and r.seq is not None]
            assert places == list(range(1, len(places) + 1))
        self._check_published([row for row in decided if row.status != "failed"])

    def rows(self, query: str) -> list[Any]:
        """What the database answers."""
        with self.engine.connect() as connection:
            return list(connection.exec_driver_sql(query))

    def run(self, statement: str) -> None:
        """Change the database."""
        with self.engine.begin() as connection:
            connection.exec_driver_sql(statement)

    def _check_published(self, decided: Sequence[Any]) -> None:
        rows = self.rows("SELECT payload FROM outbox WHERE topic = 'auction-event' ORDER BY id")
        events = [msgspec.json.decode(row.payload) for row in rows]
        versions: dict[int, list[int]] = {}
        for event in events:
            versions.setdefault(event["auction_id"], []).append(event["version"])
        assert all(found == sorted(set(found)) for found in versions.values())
        outcomes = [outcome for event in events for outcome in event["outcomes"]]
        answered = [one["bid_id"] for one in outcomes if one["status"] != "failed"]
        assert len(set(answered)) == len(answered) == len(decided)

    def _bidder(self) -> int:
        with self.engine.begin() as connection:
            user = insert(schema.users).values(
                email=f"bidder{len(self.bids)}@example.org", nickname="n"
            )
            return int(connection.execute(user.returning(schema.users.c.id)).scalar_one())


@pytest.fixture
def house() -> Iterator[House]:
    with own_database("together") as environment:
        alembic(environment, "upgrade", "head")
        url = driver_url(environment["DATABASE_URL"])
        options = f"-c timezone=UTC {PLAN_ONCE}"
        engine = create_engine(url, poolclass=NullPool, connect_args={"options": options})
        yield House(engine)


@contextmanager
def poisoned(house: House) -> Iterator[None]:
    """While inside, no bid of POISON can be decided."""
    house.run(
        f"ALTER TABLE bids ADD CONSTRAINT poison CHECK (amount <> {POISON} OR status = 'failed')"
    )
    yield
    house.run("ALTER TABLE bids DROP CONSTRAINT poison")


@contextmanager
def contended(house: House, auction_id: int) -> Iterator[None]:
    """While inside, another writer is always first in settling this auction."""
    house.run(f"""
        CREATE FUNCTION contend() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          RETURN CASE WHEN OLD.id = {auction_id} THEN NULL ELSE NEW END; END $$;
        CREATE TRIGGER contend BEFORE UPDATE ON auctions
          FOR EACH ROW EXECUTE FUNCTION contend()""")
    yield
    house.run("DROP TRIGGER contend ON auctions; DROP FUNCTION contend()")


def test_lanes_of_one_task_share_a_transaction(house: House) -> None:
    first, second, third, empty = house.auctions(4)
    for auction_id in (third, first, second):
        house.bid(auction_id, 2_000, 3_000)
    house.settle(second, empty, third, first)
    house.check()
    assert house.transactions() == 1
    assert [row.version for row in house.rows("SELECT version FROM auctions ORDER BY id")] == [
        1, 1, 1, 0,
    ]  # fmt: skip


def test_a_long_lane_continues_without_the_finished_ones(house: House) -> None:
    long, short = house.auctions(2)
    house.bid(long, *range(2_000, 2_000 + 500 * 3 * BATCH, 500))
    house.bid(short, 2_000)
    house.settle(long, short)
    house.check()
    versions = house.rows("SELECT version FROM auctions ORDER BY id")
    assert [row.version for row in versions] == [4, 1]  # 6 records, then 12, 12 and 6


def test_a_busy_lane_is_left_out_and_reported(house: House) -> None:
    first, busy, last = house.auctions(3)
    for auction_id in (first, busy, last):
        house.bid(auction_id, 2_000)
    with house.begin() as other:
        house.lanes.claim(other, topic=AUCTION_BID.name, keys=[str(busy)], limit=1)
        house.settle(first, busy, last)
    house.check(waiting=[busy])
    assert house.busy == [(AUCTION_BID.name, str(busy))]
    assert house.transactions() == 1
    house.settle(busy, first)
    house.check()


def test_a_parked_lane_is_left_alone(house: House) -> None:
    first, parked, last = house.auctions(3)
    for auction_id in (first, parked, last):
        house.bid(auction_id, 2_000)
    house.park(parked)
    house.settle(first, parked, last)
    house.check(waiting=[parked])
    assert house.transactions() == 1


def test_after_a_conflict_each_lane_is_settled_alone(house: House) -> None:
    first, contested, last = house.auctions(3)
    for auction_id in (first, contested, last):
        house.bid(auction_id, 2_000, 3_000)
    with contended(house, contested):
        assert house.settle_together(first, contested, last) == [first, contested, last]
        house.check(waiting=[first, contested, last])
        house.settle(last)
        with pytest.raises(ContendedError) as conflict:
            house.settle(contested)
        house.settle(first)
    assert len(conflict.value.offsets) == 2
    house.check(waiting=[contested])
    house.settle(contested, first)
    house.check()


def test_a_poison_record_does_not_stop_other_lanes(house: House) -> None:
    first, poisonous, last = house.auctions(3)
    house.bid(first, 2_000, 3_000)
    house.bid(poisonous, 2_000, POISON, 3_000)
    house.bid(last, 2_000)
    with poisoned(house):
        house.settle(first, poisonous, last)
    house.check(dead=1)


def test_an_undecodable_record_does_not_stop_other_lanes(house: House) -> None:
    first, damaged, last = house.auctions(3)
    for auction_id in (first, damaged, last):
        house.bid(auction_id, 2_000, 3_000)
    house.run("""UPDATE inbox SET payload = '{' WHERE "offset" = 2""")
    house.settle(first, damaged, last)
    house.check(dead=1)


def test_a_lane_of_no_auction_does_not_stop_other_lanes(house: House) -> None:
    first, last = house.auctions(2)
    for auction_id in (first, NO_AUCTION, last):
        house.bid(auction_id, 2_000)
    house.settle(first, NO_AUCTION, last)
    house.check(dead=1)
    (letter,) = house.rows("SELECT key, reason FROM dead_letters")
    assert (letter.key, letter.reason) == (str(NO_AUCTION), "UnknownAuction")
