"""Two gateways, and one that is killed."""

import os
import signal
from itertools import count
from uuid import uuid4

from tests.e2e.bidders import check_all, go_on, wave
from tests.e2e.faults.conftest import Gather
from tests.e2e.house import House
from tests.e2e.lots import put_up
from tests.e2e.people import Person
from tests.e2e.processes import worker_pids
from tests.integration.lanes.house import House as Lanes
from tests.waiting import wait_until

DEATHS = 5


def test_two_gateways_show_the_same_and_outcomes_reach_the_sockets_at_both(
    house: House, lanes: Lanes, gather: Gather
) -> None:
    with house.another_gateway("gateway-b") as second:
        bidders = gather(6, [house.gateway, second])
        amounts = count(2_000, 1_000)
        answers = [go_on(bidders, amounts)]
        for _ in range(8):
            answers += wave(bidders, amounts)
            bidders[0].bid_over_http(next(amounts), house.gateway)
            bidders[1].bid_over_http(next(amounts), second)
        assert {answer["type"] for answer in answers} == {"bid.received"}
        for bidder in bidders:
            bidder.wait_outcomes()
        check_all(lanes, second, bidders, answers[0])
        check_all(lanes, house.gateway, bidders, answers[0])
        for bidder in bidders:
            bidder.close()


def test_after_the_death_of_a_gateways_worker_clients_come_back_and_learn_every_outcome(
    house: House, lanes: Lanes, gather: Gather
) -> None:
    control, gateway = house.stack.control, house.gateway
    bidders = gather(8, [gateway, gateway])
    amounts = count(2_000, 1_000)
    answers = wave(bidders, amounts)
    (victim, *_) = before = worker_pids(control.pid(gateway.name))
    for bidder in bidders:
        for socket in bidder.sockets:
            bidder.bid(next(amounts), socket)
    os.kill(victim, signal.SIGKILL)
    everybody = [socket for bidder in bidders for socket in bidder.sockets]
    wait_until(lambda: victim not in worker_pids(control.pid(gateway.name)), what="it is dead")
    wait_until(
        lambda: len(worker_pids(control.pid(gateway.name))) == len(before), what="another works"
    )
    assert any(socket.close_code is None for socket in everybody), "the other worker's go on"
    for bidder in bidders:
        bidder.reconnect()
        bidder.chase()
    check_all(lanes, gateway, bidders, answers[0])


def test_a_new_worker_takes_the_first_bid_and_the_first_subscription(
    house: House, seller: Person, anna: Person
) -> None:
    """Clients wait in the port's queue until it can: nobody is told BUSY because it is new."""
    lot_id = put_up(seller)["id"]
    channel = f"auction:{lot_id}"
    with house.another_gateway("gateway-new") as gateway:
        for _ in range(DEATHS):
            kill_only_worker(house.stack.control.pid(gateway.name))
            with anna.enter(gateway) as socket:
                bid = {"auction_id": lot_id, "amount": 5_000, "key": uuid4().hex}
                for frame in (("bid.place", bid), ("subscribe", {"channel": channel})):
                    answer = socket.ask(frame[0], **frame[1])
                    assert answer["type"] != "error", answer


def kill_only_worker(master: int) -> None:
    """Kill the process that a gateway has forked, and wait until it is dead."""
    (old_pid,) = worker_pids(master)
    os.kill(old_pid, signal.SIGKILL)
    wait_until(lambda: old_pid not in worker_pids(master), what="it is dead")
