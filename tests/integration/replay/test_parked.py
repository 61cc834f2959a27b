"""`lanes` lists parked lanes and their waiting records; `park` and `unpark` change them."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from uuid import uuid4

import msgspec
import pytest

from app.domain.ids import message_id
from app.domain.time import rfc3339
from app.protocol.records import ChatMessageValue
from app.protocol.topics import AUCTION_BID, CHAT_MESSAGE
from lanes.errors import NotFoundError
from tests import kafka_log
from tests.integration.lanes.cluster import LaneCluster, Lot
from tests.operator import Operator
from tests.waiting import CALL_S, wait_until

GROUP = "replay-tests"  # no consumer of ours: its partitions are parked by these tests alone


@pytest.fixture
def lot(cluster: LaneCluster) -> Iterator[Lot]:
    """A lot that is free again in the end."""
    lot = cluster.auction(lasts_s=3_600)
    yield lot
    with suppress(NotFoundError):
        cluster.container.parked.unpark(AUCTION_BID.name, str(lot.auction_id))


def put_message(cluster: LaneCluster, *, partition: int) -> None:
    """Put a good chat message of no room into this partition."""
    room_id, key = 10**9, uuid4().hex
    value = ChatMessageValue(
        v=1,
        message_id=message_id(1, room_id, key),
        room_id=room_id,
        sender_id=1,
        text="t",
        key=key,
        sent_at=rfc3339(datetime.now(UTC)),
    )
    future = cluster.producer.send(
        CHAT_MESSAGE.name, value=msgspec.json.encode(value), partition=partition
    )
    future.get(timeout=CALL_S)


def test_a_parked_lane_keeps_its_records_until_unparked(
    cluster: LaneCluster, operator: Operator, lot: Lot
) -> None:
    lane = (AUCTION_BID.name, str(lot.auction_id))
    assert "is parked" in operator.bridge("lanes", "park", *lane, "--reason", "a closer look")
    security_event = operator.security[-1]
    assert (security_event["event"], security_event["command"], security_event["key"]) == (
        "admin_command",
        "park",
        lane[1],
    )
    for amount in (2_000, 3_000):
        cluster.bid(lot, bidder=lot.bidders[0], amount=amount, key=f"k{amount}").get(timeout=CALL_S)
    wait_until(lambda: cluster.waiting(lot) == 2, what="both bids wait")
    (line,) = (row for row in operator.bridge("lanes").splitlines() if lane[1] in row.split())
    assert line.split()[:3] == [*lane, "2"]
    assert line.split()[-4:] == ["ByHand", "a", "closer", "look"]
    assert cluster.state(lot).bid_count == 0

    assert "is free" in operator.bridge("lanes", "unpark", *lane)
    wait_until(lambda: cluster.state(lot).bid_count == 2, what="both bids are decided")
    assert lane[1] not in operator.bridge("lanes").split()


def test_an_unparked_lane_starts_with_a_clean_failure_count(
    cluster: LaneCluster, operator: Operator, lot: Lot
) -> None:
    lane = (AUCTION_BID.name, str(lot.auction_id))
    operator.bridge("lanes", "park", *lane, "--reason", "r")
    cluster.bid(lot, bidder=lot.bidders[0], amount=2_000, key="k").get(timeout=CALL_S)
    wait_until(lambda: cluster.waiting(lot) == 1, what="the bid waits")
    with cluster.container.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE inbox SET attempts = 2, first_failed_at = now() WHERE key = %s", (lane[1],)
        )
    with cluster.container.engine.begin() as connection:
        # Held, so that what it was freed with can be seen before it is settled.
        connection.exec_driver_sql(
            "SELECT FROM auctions WHERE id = %s FOR UPDATE", (lot.auction_id,)
        )
        operator.bridge("lanes", "unpark", *lane)
        row = connection.exec_driver_sql(
            "SELECT attempts, first_failed_at FROM inbox WHERE key = %s", (lane[1],)
        ).one()
    assert tuple(row) == (0, None)


def test_a_parked_partition_is_listed_and_can_be_unparked(
    cluster: LaneCluster, operator: Operator
) -> None:
    put_message(cluster, partition=5)
    waiting = kafka_log.ends(cluster.container.settings, CHAT_MESSAGE.name)[5]
    with cluster.container.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO parked_partitions (consumer_group, topic, partition, reason, message) "
            "VALUES (%s, 'chat-message', 5, 'FutureVersion', 'version 2 is not known yet')",
            (GROUP,),
        )
    (line,) = (row for row in operator.bridge("lanes").splitlines() if row.startswith(GROUP))
    assert line.split()[1:4] == ["chat-message", "5", str(waiting)]
    assert line.endswith("FutureVersion  version 2 is not known yet")
    part = (GROUP, "chat-message", "5")
    assert "is free" in operator.bridge("lanes", "unpark", "--partition", *part)
    assert GROUP not in operator.bridge("lanes")
    assert GROUP in operator.refusal("lanes", "unpark", "--partition", *part)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["unpark", "auction-bid", "no such lane"], "no such lane"),
        (["unpark", "auction-bid"], "TOPIC KEY"),
        (["unpark"], "TOPIC KEY"),
        (["unpark", "auction-bid", "1", "2"], "2"),
        (["unpark", "--partition", "save", "chat-message", "11"], "chat-message/11"),
        (["unpark", "--partition", "save", "chat-message", "x"], "PARTITION"),
        (["unpark", "--partition", "save", "chat-message", "9" * 10], "PARTITION"),
        (["unpark", "--partition", "save", "chat-message"], "--partition"),
        (["park", "chat-message", "1", "--reason", "r"], "chat-message"),
        (["park", "auction-bid", "1"], "--reason"),
        (["--limit", "0"], "--limit"),
    ],
)
def test_an_error_is_one_line(operator: Operator, arguments: list[str], named: str) -> None:
    assert named in operator.refusal("lanes", *arguments)


def test_a_lane_is_parked_once(operator: Operator, lot: Lot) -> None:
    lane = (AUCTION_BID.name, str(lot.auction_id))
    operator.bridge("lanes", "park", *lane, "--reason", "the first")
    assert "parked already" in operator.refusal("lanes", "park", *lane, "--reason", "the second")
    assert "the first" in operator.bridge("lanes")
