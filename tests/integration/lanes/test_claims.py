"""A lane is settled by one worker at a time; its lock ends when that one dies or freezes."""

import pytest
from psycopg2 import Error
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from app.protocol.topics import AUCTION_BID
from lanes.errors import BadDataError, OutageError
from lanes.postgres.lanes import PostgresLanes
from lanes.postgres.prepared import Prepared
from tests.integration.lanes.cluster import LaneCluster, Lot
from tests.waiting import CALL_S, wait_until

ECHO = Prepared("test_echo", ("text[]",), "SELECT unnest($1)")
HALF = Prepared("test_half", ("int",), "SELECT 1 / $1")
PID = Prepared("test_pid", (), "SELECT pg_backend_pid()")
COUNTED = Prepared("test_counted", ("text",), "SELECT $1::int")


def claim(transaction: Connection, *lots: Lot) -> list[bool]:
    """Claim the lanes of auctions, as a worker does; return which are ours."""
    keys = [str(lot.auction_id) for lot in lots]
    claimed = PostgresLanes().claim(transaction, topic=AUCTION_BID.name, keys=keys, limit=1)
    return [key in claimed for key in keys]


def bid(cluster: LaneCluster, lot: Lot, key: str) -> None:
    """Put a bid into the log, and return once it waits or is decided."""
    cluster.bid(lot, bidder=lot.bidders[0], amount=5_000, key=key).get(timeout=CALL_S)
    wait_until(lambda: cluster.waiting(lot) + cluster.decided(lot) > 0, what="it is taken in")


def test_a_lane_is_claimed_by_one_transaction_at_a_time(cluster: LaneCluster) -> None:
    lot, other = cluster.auction(lasts_s=3_600), cluster.auction(lasts_s=3_600)
    begin = cluster.container.begin
    with begin() as first, begin() as second:
        assert claim(first, lot) == [True]
        assert claim(second, lot, other) == [False, True]
    with begin() as third:
        assert claim(third, lot) == [True]


def test_a_dead_workers_claim_ends_with_its_connection(cluster: LaneCluster) -> None:
    lot = cluster.auction(lasts_s=3_600)
    connection = cluster.container.engine.connect()
    claim(connection, lot)
    bid(cluster, lot, "meanwhile")
    connection.invalidate()  # closes it, without a word to the server
    connection.close()
    cluster.wait_decided(lot, 1)


def test_a_frozen_worker_loses_its_claim_and_cannot_write(
    cluster: LaneCluster,
) -> None:
    claimed, other = cluster.auction(lasts_s=3_600), cluster.auction(lasts_s=3_600)

    def freeze_in_a_settle() -> None:
        with cluster.container.begin() as frozen:
            claim(frozen, claimed)
            bid(cluster, claimed, "claimed")
            bid(cluster, other, "another")
            cluster.wait_decided(other, 1)
            cluster.wait_decided(claimed, 1)
            claim(frozen, other)

    with pytest.raises(OutageError):
        freeze_in_a_settle()


def test_a_prepared_statement_outlives_a_rollback(cluster: LaneCluster) -> None:
    with cluster.container.engine.connect() as connection:
        for _ in range(2):
            assert ECHO.execute(connection, ["a", "b's", "%s"]) == [("a",), ("b's",), ("%s",)]
            connection.rollback()


def test_a_failed_prepared_statement_reports_no_value(cluster: LaneCluster) -> None:
    for statement, value in ((COUNTED, "secret"), (HALF, 0)):
        with pytest.raises(BadDataError), cluster.container.begin() as transaction:
            statement.execute(transaction, value)
    with cluster.container.engine.connect() as connection:
        with pytest.raises(DBAPIError) as raised:
            COUNTED.execute(connection, "secret")
        assert "secret" not in str(raised.value)
        assert isinstance(raised.value.orig, Error)
        assert "secret" not in str(raised.value.orig)


def test_a_statement_is_prepared_again_on_a_new_connection(cluster: LaneCluster) -> None:
    def lose_the_connection() -> None:
        with cluster.container.begin() as transaction, cluster.container.begin() as other:
            ((pid,),) = PID.execute(transaction)
            other.exec_driver_sql(f"SELECT pg_terminate_backend({pid})")
            PID.execute(transaction)

    with pytest.raises(OutageError):
        lose_the_connection()
    for _ in range(2):
        with cluster.container.begin() as transaction, cluster.container.begin() as other:
            assert PID.execute(transaction) != PID.execute(other)
