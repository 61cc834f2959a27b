"""SIGTERM under load: received frames are answered, and every process ends in time."""

import json
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count

import pytest
from websocket import WebSocketException

from tests.e2e.bidders import Bidder, check_all
from tests.e2e.cluster import LEFT_OUT, Cluster
from tests.e2e.faults.conftest import MakeBidders
from tests.e2e.lots import create_lot
from tests.e2e.people import Person
from tests.integration.lanes.cluster import LaneCluster, Lot
from tests.waiting import wait_until

END_S = 15
PAUSE_S = 0.02  # of each bidder between bids: some bid always waits for its acknowledgement
NO_RATE = {"FRAMES_PER_S_MAX": "1000000"}


def bid_until_closed(bidder: Bidder, amounts: Iterator[int]) -> None:
    """Bid and wait for nothing, until the socket has ended."""
    (socket,) = bidder.sockets
    while socket.close_code is None:
        with suppress(OSError, WebSocketException):  # of a socket that is just ending
            bidder.bid(next(amounts), socket)
        time.sleep(PAUSE_S)


def wait_ended(cluster: Cluster, name: str, pid: int) -> None:
    wait_until(lambda: cluster.stack.control.pid(name) != pid, what=f"{name} ended", seconds=END_S)


def test_a_drained_gateway_answered_every_bid_in_kafka(
    cluster: Cluster, lanes: LaneCluster, make_bidders: MakeBidders
) -> None:
    with (
        cluster.another_gateway("gateway-drained", **NO_RATE) as drained,
        ThreadPoolExecutor(6) as pool,
    ):
        bidders, amounts = make_bidders(6, [drained]), count(2_000, 1_000)
        bidding = [pool.submit(bid_until_closed, bidder, amounts) for bidder in bidders]
        for bidder in bidders:
            bidder.sockets[0].push("bid.result")
        pid = cluster.stack.control.kill(drained.name, signal.SIGTERM)
        for job in bidding:
            job.result()
        wait_ended(cluster, drained.name, pid)
    byes = [bidder.sockets[0].push("bye") for bidder in bidders]
    assert {bidder.sockets[0].close_code for bidder in bidders} == {4001}
    assert len({bye["retry_after_ms"] for bye in byes}) > 1, "they do not come back all at once"
    receipts = [receipt for bidder in bidders for receipt in bidder.received("bid.received")]
    lot = Lot(bidders[0].lot_id, [])
    records = lanes.log(lot, receipts[0]["partition"])
    logged = {json.loads(record.payload)["key"] for record in records}
    unknown = {frame["key"] for bidder in bidders for frame in bidder.received("bid.unknown")}
    assert {receipt["key"] for receipt in receipts} <= logged
    assert logged <= {receipt["key"] for receipt in receipts} | unknown
    lanes.wait_decided(lot, len(records))
    for bidder in bidders:
        bidder.at = [cluster.gateway]
        bidder.reconnect()
    check_all(lanes, cluster.gateway, bidders, receipts[0])


def test_a_draining_gateway_answers_requests_that_wait(
    cluster: Cluster, lanes: LaneCluster, seller: Person, anna: Person
) -> None:
    lot = Lot(create_lot(seller)["id"], [])
    with cluster.another_gateway("gateway-asked") as draining, ThreadPoolExecutor() as pool:
        anna_elsewhere = Person(draining, anna.nickname, email=anna.email)
        assert anna_elsewhere.request("GET", "/api/me").status_code == 200
        with cluster.without("worker-bids-0", "worker-bids-1"):
            headers = {"Idempotency-Key": "k", "Prefer": "wait=5"}
            path = f"/api/auctions/{lot.auction_id}/bids"
            answering = pool.submit(
                anna_elsewhere.request, "POST", path, {"amount": 5_000}, headers=headers
            )
            wait_until(lambda: lanes.waiting(lot) == 1, what="the bid is in the inbox")
            pid = cluster.stack.control.kill(draining.name, signal.SIGTERM)
            answer = answering.result()
        assert answer.status_code == 202
        draining.close_connections()
        wait_ended(cluster, draining.name, pid)
    lanes.wait_decided(lot, 1)


@pytest.mark.parametrize("process", LEFT_OUT)
def test_beat_and_flower_end_on_sigterm(cluster: Cluster, process: str) -> None:
    control, name = cluster.stack.control, f"drain-{process}"
    programs = cluster.stack.application(prefix="drain-")
    (program,) = [program for program in programs if program.name == name]
    control.run(program)
    try:
        wait_ended(cluster, name, control.kill(name, signal.SIGTERM))
    finally:
        control.forget(name)
