"""A small application for storms: creates auctions, appends bids, reads the outcomes."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import uuid4

import msgspec
from kafka import KafkaProducer
from sqlalchemy import Engine, insert, select

from app.adapters.postgres import schema
from app.adapters.postgres.settling import PostgresAuctionStore
from app.domain.auction import FIRST_PREVIOUS_HASH, Auction, genesis
from app.domain.ledger import fold
from app.domain.rules import Rules
from app.protocol.topics import AUCTION_BID
from app.services.settling import decode
from lanes.kafka.connect import make_producer
from lanes.postgres import schema as lane_schema
from lanes.record import InboxRecord
from lanes.time import from_epoch_ms
from stack import Stack
from tests import kafka_log
from tests.bid_values import bid_value
from tests.containers import Container
from tests.waiting import wait_until

BIDDERS = 20


def run_tool(stack: Stack, tool: str, *arguments: str) -> None:
    """Run a program of the virtual environment against the stack; fails the test if it fails."""
    executable = str(stack.places.root / ".venv" / "bin" / tool)
    subprocess.run(
        [executable, *arguments],
        cwd=stack.places.root,
        env={**os.environ, **stack.environment()},
        check=True,
    )


@dataclass(frozen=True, slots=True)
class Lot:
    """An auction and who may bid on it."""

    auction_id: int
    bidders: Sequence[int]


def insert_auction(engine: Engine, *, lasts_s: float, reserve_price: int | None = None) -> Lot:
    """A new open auction without soft close, starting at 1,000 won."""
    now = datetime.now(UTC).replace(microsecond=0)
    ends_at = now + timedelta(seconds=lasts_s)
    with engine.begin() as connection:
        seller, *bidders = [
            connection.execute(
                insert(schema.users)
                .values(email=f"{uuid4()}@example.org", nickname="n")
                .returning(schema.users.c.id)
            ).scalar_one()
            for _ in range(BIDDERS + 1)
        ]
        product_id = connection.execute(
            insert(schema.products)
            .values(
                seller_id=seller,
                name="lot",
                description="",
                sale_type="auction",
                currency="KRW",
            )
            .returning(schema.products.c.id)
        ).scalar_one()
        auction_id = connection.execute(
            insert(schema.auctions)
            .values(
                product_id=product_id,
                seller_id=seller,
                currency="KRW",
                mode="timed",
                starting_price=1_000,
                initial_reserve_price=reserve_price,
                reserve_price=reserve_price,
                created_at=now,
                starts_at=now,
                scheduled_ends_at=ends_at,
                last_ends_at=ends_at,
                window_s=0,
                extend_s=0,
                rules=Rules().to_json(),
                status="open",
                price=1_000,
                ends_at=ends_at,
                decided_at=now,
                chain=FIRST_PREVIOUS_HASH,
            )
            .returning(schema.auctions.c.id)
        ).scalar_one()
    return Lot(auction_id, bidders)


class LaneCluster:
    """The running application: its records and its rows."""

    def __init__(self, stack: Stack, container: Container, *, prefix: str) -> None:
        self.stack = stack
        self.container = container
        self.prefix = prefix

    def name(self, process: str) -> str:
        """The name under which the supervisor knows a process of ours."""
        return self.prefix + process

    def kill(self, *processes: str) -> None:
        """SIGKILL them, and wait until the supervisor has started each again."""
        old = {name: self.stack.control.kill(self.name(name)) for name in processes}
        for name, pid in old.items():
            self.stack.control.wait_restarted(self.name(name), old_pid=pid)

    @cached_property
    def producer(self) -> KafkaProducer:
        """A producer as gateways have it."""
        return make_producer(self.container.settings.kafka, name="tests")

    def auction(self, *, lasts_s: float, reserve_price: int | None = None) -> Lot:
        """As `insert_auction` does."""
        return insert_auction(self.container.engine, lasts_s=lasts_s, reserve_price=reserve_price)

    def bid(self, lot: Lot, *, bidder: int, amount: int, key: str, kind: Any = "exact") -> Any:
        """Put a bid into the log; a future of its place in it."""
        value = bid_value(bidder, lot.auction_id, key, amount=amount, kind=kind)
        return self.put(str(lot.auction_id).encode(), msgspec.json.encode(value))

    def put(self, key: bytes | None, value: bytes) -> Any:
        """Put any bytes into the log of bids."""
        return self.producer.send(AUCTION_BID.name, key=key, value=value)

    def state(self, lot: Lot) -> Auction:
        """The auction of its row."""
        with self.container.engine.connect() as connection:
            found = PostgresAuctionStore().find(connection, {lot.auction_id: []})
        return found[lot.auction_id].auction

    def rows(self, table: Any, lot: Lot) -> list[Any]:
        """All rows of `bids` or `decisions` of an auction, in log order."""
        order = [table.c.offset, table.c.seq] if "seq" in table.c else [table.c.offset]
        with self.container.engine.connect() as connection:
            found = select(table).where(table.c.auction_id == lot.auction_id).order_by(*order)
            return list(connection.execute(found))

    def notices(self, lot: Lot) -> list[Any]:
        """All notices about an auction, oldest first."""
        table = schema.notices
        with self.container.engine.connect() as connection:
            found = select(table).where(table.c.auction_id == lot.auction_id).order_by(table.c.id)
            return list(connection.execute(found))

    def decided(self, lot: Lot) -> int:
        """How many records of the log have left a row."""
        bids = [row for row in self.rows(schema.bids, lot) if not row.automatic]
        return len(bids) + len(self.rows(schema.decisions, lot))

    def wait_decided(self, lot: Lot, records: int) -> None:
        """Return once so many records of the log have left a row."""
        wait_until(lambda: self.decided(lot) == records, what=f"{records} records are decided")

    def wait_closed(self, lot: Lot) -> None:
        """Return once the auction is closed."""
        wait_until(lambda: self.state(lot).status == "closed", what="the auction is closed")

    def waiting(self, lot: Lot) -> int:
        """How many records of the auction are in the inbox."""
        with self.container.engine.connect() as connection:
            found = select(lane_schema.inbox.c.offset).where(
                lane_schema.inbox.c.key == str(lot.auction_id)
            )
            return len(list(connection.execute(found)))

    def log(self, lot: Lot, partition: int) -> list[InboxRecord]:
        """The auction's records as Kafka has them."""
        return [
            InboxRecord(
                record.topic,
                partition,
                record.offset,
                str(lot.auction_id),
                record.value.decode(),
                from_epoch_ms(record.timestamp),
            )
            for record in kafka_log.records(
                self.container.settings, AUCTION_BID.name, {partition: 0}
            )
            if record.key == str(lot.auction_id).encode()
        ]

    def check_against_log(self, lot: Lot, partition: int) -> list[InboxRecord]:
        """Assert that rows and state are the fold of the auction's log, once all of it is decided;
        gives the log. A bid that was sent twice may have its outcome before its second record.
        """
        log = self.log(lot, partition)
        self.wait_decided(lot, len(log))
        assert self.waiting(lot) == 0
        state = self.state(lot)
        expected, entries = fold(genesis(state), [decode(record) for record in log])
        assert state.chain == expected.chain, "the decisions are those of the log, in its order"
        assert (state.price, state.leader_id, state.bid_count, state.voided_ids) == (
            expected.price,
            expected.leader_id,
            expected.bid_count,
            expected.voided_ids,
        )
        accepted = [row for row in self.rows(schema.bids, lot) if row.seq is not None]
        assert [row.seq for row in accepted] == list(range(1, state.bid_count + 1))
        assert len(entries) == len(log)
        return log
