"""Two gateways, and one that is killed."""

import os
import signal
from itertools import count
from uuid import uuid4

from tests.e2e.bidders import bid_from_all, bid_until_acknowledged, check_all
from tests.e2e.cluster import Cluster
from tests.e2e.faults.conftest import MakeBidders
from tests.e2e.lots import create_lot
from tests.e2e.people import Person
from tests.e2e.processes import worker_pids
from tests.integration.lanes.cluster import LaneCluster
from tests.waiting import wait_until

DEATHS = 5


def test_outcomes_and_states_reach_sockets_at_both_gateways(
    cluster: Cluster, lanes: LaneCluster, make_bidders: MakeBidders
) -> None:
    with cluster.another_gateway("gateway-b") as second:
        bidders = make_bidders(6, [cluster.gateway, second])
        amounts = count(2_000, 1_000)
        answers = [bid_until_acknowledged(bidders, amounts)]
        for _ in range(8):
            answers += bid_from_all(bidders, amounts)
            bidders[0].bid_over_http(next(amounts), cluster.gateway)
            bidders[1].bid_over_http(next(amounts), second)
        assert {answer["type"] for answer in answers} == {"bid.received"}
        for bidder in bidders:
            bidder.wait_outcomes()
        check_all(lanes, second, bidders, answers[0])
        check_all(lanes, cluster.gateway, bidders, answers[0])
        for bidder in bidders:
            bidder.close()


def test_clients_recover_outcomes_after_a_gateway_worker_dies(
    cluster: Cluster, lanes: LaneCluster, make_bidders: MakeBidders
) -> None:
    control, gateway = cluster.stack.control, cluster.gateway
    bidders = make_bidders(8, [gateway, gateway])
    amounts = count(2_000, 1_000)
    answers = bid_from_all(bidders, amounts)
    (victim, *_) = before = worker_pids(control.pid(gateway.name))
    for bidder in bidders:
        for socket in bidder.sockets:
            bidder.bid(next(amounts), socket)
    os.kill(victim, signal.SIGKILL)
    sockets = [socket for bidder in bidders for socket in bidder.sockets]
    wait_until(lambda: victim not in worker_pids(control.pid(gateway.name)), what="it is dead")
    wait_until(
        lambda: len(worker_pids(control.pid(gateway.name))) == len(before), what="another works"
    )
    assert any(socket.close_code is None for socket in sockets), "the other worker's go on"
    for bidder in bidders:
        bidder.reconnect()
        bidder.recover_outcomes()
    check_all(lanes, gateway, bidders, answers[0])


def test_a_new_gateway_worker_serves_its_first_bid_and_watcher(
    cluster: Cluster, seller: Person, anna: Person
) -> None:
    """Clients wait in the port's queue until it is ready, and get no BUSY."""
    lot_id = create_lot(seller)["id"]
    channel = f"auction:{lot_id}"
    with cluster.another_gateway("gateway-new") as gateway:
        for _ in range(DEATHS):
            kill_only_worker(cluster.stack.control.pid(gateway.name))
            with anna.enter(gateway) as socket:
                bid = {"auction_id": lot_id, "amount": 5_000, "key": uuid4().hex}
                for frame in (("bid.place", bid), ("subscribe", {"channel": channel})):
                    answer = socket.request(frame[0], **frame[1])
                    assert answer["type"] != "error", answer


def kill_only_worker(master: int) -> None:
    """Kill the process that a gateway has forked, and wait until it is dead."""
    (old_pid,) = worker_pids(master)
    os.kill(old_pid, signal.SIGKILL)
    wait_until(lambda: old_pid not in worker_pids(master), what="it is dead")
