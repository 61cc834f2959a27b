"""Servers that die or stall under load, and recover."""

from collections.abc import Sequence
from itertools import count

import pytest

from stack.ports import is_listening
from stack.websocket_client import Frame
from tests.e2e.bidders import bid_from_all, bid_until_acknowledged, check_all
from tests.e2e.cluster import Cluster
from tests.e2e.faults.conftest import MakeBidders
from tests.freezing import frozen
from tests.integration.lanes.cluster import LaneCluster
from tests.waiting import wait_until

ANSWERS = {"bid.received", "bid.unknown", "error"}


def check_answers(answers: Sequence[Frame]) -> None:
    """Of bids placed while a server was away."""
    assert {answer["type"] for answer in answers} <= ANSWERS
    errors = [answer for answer in answers if answer["type"] == "error"]
    assert {error["code"] for error in errors} <= {"BUSY"}


def test_sockets_survive_a_redis_restart_and_miss_nothing(
    cluster: Cluster, lanes: LaneCluster, make_bidders: MakeBidders
) -> None:
    with cluster.another_gateway("gateway-c") as second:
        bidders = make_bidders(8, [cluster.gateway, second])
        amounts = count(2_000, 1_000)
        answers = [bid_until_acknowledged(bidders, amounts)]
        for number in range(16):
            if number == 5:
                old_pid = cluster.stack.control.kill("redis")
            answers += bid_from_all(bidders, amounts)
            bidders[number % 8].bid_over_http(next(amounts), second)
        cluster.stack.control.wait_restarted("redis", old_pid=old_pid)
        assert {answer["type"] for answer in answers} == {"bid.received"}
        for bidder in bidders:
            bidder.wait_outcomes()
            assert all(socket.close_code is None for socket in bidder.sockets)
        check_all(lanes, second, bidders, answers[0])
        for bidder in bidders:
            bidder.close()


def test_without_redis_tokens_and_bids_are_accepted(
    cluster: Cluster, make_bidders: MakeBidders
) -> None:
    (bidder,) = make_bidders(1, [cluster.gateway])
    cluster.stack.control.stop("redis")
    try:
        with bidder.person.enter() as socket:
            bidder.bid(5_000, socket)
            (answer,) = bidder.answers()
            assert answer["type"] == "bid.received"
        assert bidder.person.request("GET", "/api/me").status_code == 200
    finally:
        cluster.stack.control.start("redis")
    bidder.wait_outcomes()


def test_a_broker_that_stalls_leaves_bids_unknown_and_loses_none(
    cluster: Cluster, lanes: LaneCluster, make_bidders: MakeBidders
) -> None:
    bidders = make_bidders(8, [cluster.gateway, cluster.gateway])
    amounts = count(2_000, 1_000)
    bid_from_all(bidders, amounts)
    with frozen(cluster.stack.control.pid("kafka")):
        during = bid_from_all(bidders, amounts)
    check_answers(during)
    assert "bid.unknown" in {answer["type"] for answer in during}
    receipt = bid_until_acknowledged(bidders, amounts)
    for bidder in bidders:
        bidder.recover_outcomes()
        bidder.wait_outcomes()
    check_all(lanes, cluster.gateway, bidders, receipt)


@pytest.mark.parametrize("server", ["postgresql", "kafka"])
def test_a_server_killed_while_people_bid_loses_nothing(
    cluster: Cluster, lanes: LaneCluster, make_bidders: MakeBidders, server: str
) -> None:
    control = cluster.stack.control
    bidders = make_bidders(8, [cluster.gateway, cluster.gateway])
    amounts = count(2_000, 1_000)
    answers = bid_from_all(bidders, amounts)
    old_pid = control.kill(server)
    answers += bid_from_all(bidders, amounts)
    check_answers(answers)
    control.wait_restarted(server, old_pid=old_pid)
    port = getattr(cluster.stack.settings.ports, server)
    wait_until(lambda: is_listening(port), what=f"{server} is back")
    lanes.container.engine.dispose()  # its connections have died too
    receipt = bid_until_acknowledged(bidders, amounts)
    for bidder in bidders:
        bidder.recover_outcomes()
        bidder.wait_outcomes()
    check_all(lanes, cluster.gateway, bidders, receipt)
