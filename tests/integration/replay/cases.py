"""Records that become dead letters by real faults, some of which can be fixed."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, delete, insert, select

from lanes.postgres import schema as lane_schema
from tests.integration.lanes.cluster import LaneCluster, Lot
from tests.waiting import CALL_S, wait_until

LETTERS = lane_schema.dead_letters


@contextmanager
def undecidable(engine: Engine, auction_id: int, amount: int) -> Iterator[None]:
    """As long as this lasts, the database refuses the decision of a bid of this amount for good."""
    name = f"mishap_{auction_id}_{amount}"
    with engine.begin() as connection:
        connection.exec_driver_sql(f"""
            ALTER TABLE bids ADD CONSTRAINT {name} CHECK (status = 'failed'
              OR auction_id <> {auction_id} OR amount <> {amount}) NOT VALID""")
    try:
        yield
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"ALTER TABLE bids DROP CONSTRAINT {name}")


def failed(cluster: LaneCluster, lot: Lot, amounts: Sequence[int]) -> list[Any]:
    """Dead letters: bids of the auction's first bidder that failed by a bug that is now fixed."""
    for amount in amounts:
        with undecidable(cluster.container.engine, lot.auction_id, amount):
            before = len(dead_letters(cluster, lot))
            cluster.bid(lot, bidder=lot.bidders[0], amount=amount, key=f"k{amount}").get(
                timeout=CALL_S
            )
            wait_dead_letters(cluster, lot, before + 1)
    return dead_letters(cluster, lot)


def unreadable(cluster: LaneCluster, lot: Lot, value: bytes = b"\xff\xfe") -> Any:
    """The dead letter of undecodable bytes."""
    before = len(dead_letters(cluster, lot))
    cluster.put(str(lot.auction_id).encode(), value).get(timeout=CALL_S)
    wait_dead_letters(cluster, lot, before + 1)
    return dead_letters(cluster, lot)[-1]


def dead_letters(cluster: LaneCluster, lot: Lot) -> list[Any]:
    """All dead letters of a lot, the oldest first."""
    found = select(LETTERS).where(LETTERS.c.key == str(lot.auction_id)).order_by(LETTERS.c.id)
    with cluster.container.engine.connect() as connection:
        return list(connection.execute(found))


def wait_dead_letters(cluster: LaneCluster, lot: Lot, number: int) -> None:
    """Return once the lot has so many dead letters."""
    wait_until(lambda: len(dead_letters(cluster, lot)) == number, what=f"{number} dead letters")


def replays(cluster: LaneCluster, lot: Lot) -> list[Any]:
    """All replays of a lot's dead letters, the oldest first."""
    table = lane_schema.replays
    found = (
        select(table)
        .join(LETTERS, LETTERS.c.id == table.c.dead_letter_id)
        .where(LETTERS.c.key == str(lot.auction_id))
        .order_by(table.c.id)
    )
    with cluster.container.engine.connect() as connection:
        return list(connection.execute(found))


@contextmanager
def consumer_dead_letter(
    cluster: LaneCluster, *, topic: str, key: str, **columns: Any
) -> Iterator[int]:
    """The id of a dead letter of a plain consumer, which is gone afterwards."""
    now = datetime.now(UTC)
    usual = {
        "topic": topic, "partition": 0, "offset": 10**15 + random.randrange(10**12), "key": key,
        "raw_key": key.encode(), "payload": b"{}", "log_time": now, "consumer_group": "save",
        "reason": "Undecodable", "error_class": "DecodeError", "message": "m", "attempts": 1,
        "first_failed_at": now,
    }  # fmt: skip
    with cluster.container.engine.begin() as connection:
        row = connection.execute(insert(LETTERS).values(usual | columns).returning(LETTERS.c.id))
        letter_id = row.scalar_one()
    yield letter_id
    of_it = lane_schema.replays.c.dead_letter_id == letter_id
    with cluster.container.engine.begin() as connection:
        connection.execute(delete(lane_schema.replays).where(of_it))
        connection.execute(delete(LETTERS).where(LETTERS.c.id == letter_id))
