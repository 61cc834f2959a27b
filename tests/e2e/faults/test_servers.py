"""Servers that die or stall under load, and come back."""

from collections.abc import Sequence
from itertools import count

import pytest

from stack.ports import is_listening
from tests.e2e.bidders import check_all, go_on, wave
from tests.e2e.client import Frame
from tests.e2e.faults.conftest import Gather
from tests.e2e.house import House
from tests.freezing import frozen
from tests.integration.lanes.house import House as Lanes
from tests.waiting import wait_until

ANSWERS = {"bid.received", "bid.unknown", "error"}


def check_answers(answers: Sequence[Frame]) -> None:
    """Of bids placed while a server was away."""
    assert {answer["type"] for answer in answers} <= ANSWERS
    errors = [answer for answer in answers if answer["type"] == "error"]
    assert {error["code"] for error in errors} <= {"BUSY"}


def test_sockets_outlive_redis_and_miss_nothing(house: House, lanes: Lanes, gather: Gather) -> None:
    with house.another_gateway("gateway-c") as second:
        bidders = gather(8, [house.gateway, second])
        amounts = count(2_000, 1_000)
        answers = [go_on(bidders, amounts)]
        for number in range(16):
            if number == 5:
                old_pid = house.stack.control.kill("redis")
            answers += wave(bidders, amounts)
            bidders[number % 8].bid_over_http(next(amounts), second)
        house.stack.control.wait_restarted("redis", old_pid=old_pid)
        assert {answer["type"] for answer in answers} == {"bid.received"}
        for bidder in bidders:
            bidder.wait_outcomes()
            assert all(socket.close_code is None for socket in bidder.sockets)
        check_all(lanes, second, bidders, answers[0])
        for bidder in bidders:
            bidder.close()


def test_without_redis_a_token_is_taken_and_a_bid_acknowledged(
    house: House, gather: Gather
) -> None:
    (bidder,) = gather(1, [house.gateway])
    house.stack.control.stop("redis")
    try:
        with bidder.person.enter() as socket:
            bidder.bid(5_000, socket)
            (answer,) = bidder.answers()
            assert answer["type"] == "bid.received"
        assert bidder.person.request("GET", "/api/me").status_code == 200
    finally:
        house.stack.control.start("redis")
    bidder.wait_outcomes()


def test_a_broker_that_stalls_leaves_bids_unknown_and_loses_none(
    house: House, lanes: Lanes, gather: Gather
) -> None:
    bidders = gather(8, [house.gateway, house.gateway])
    amounts = count(2_000, 1_000)
    wave(bidders, amounts)
    with frozen(house.stack.control.pid("kafka")):
        during = wave(bidders, amounts)
    check_answers(during)
    assert "bid.unknown" in {answer["type"] for answer in during}
    receipt = go_on(bidders, amounts)
    for bidder in bidders:
        bidder.chase()
        bidder.wait_outcomes()
    check_all(lanes, house.gateway, bidders, receipt)


@pytest.mark.parametrize("server", ["postgresql", "kafka"])
def test_a_server_killed_while_people_bid_loses_nothing(
    house: House, lanes: Lanes, gather: Gather, server: str
) -> None:
    control = house.stack.control
    bidders = gather(8, [house.gateway, house.gateway])
    amounts = count(2_000, 1_000)
    answers = wave(bidders, amounts)
    old_pid = control.kill(server)
    answers += wave(bidders, amounts)
    check_answers(answers)
    control.wait_restarted(server, old_pid=old_pid)
    port = getattr(house.stack.settings.ports, server)
    wait_until(lambda: is_listening(port), what=f"{server} is back")
    lanes.container.engine.dispose()  # its connections have died too
    receipt = go_on(bidders, amounts)
    for bidder in bidders:
        bidder.chase()
        bidder.wait_outcomes()
    check_all(lanes, house.gateway, bidders, receipt)
