"""A bid worker and the bridge die in the middle of a storm of bids."""

from itertools import count

from tests.e2e.bidders import check_all, received_wave
from tests.e2e.faults.conftest import Gather
from tests.e2e.house import House
from tests.integration.lanes.house import House as Lanes

PEOPLE, SOCKETS, WAVES = 25, 2, 20  # 1,000 bids from 50 sockets
KILLED = {6: "worker-bids-0", 12: "bridge"}


def test_a_thousand_rising_bids_survive_the_death_of_a_worker_and_of_the_bridge(
    house: House, lanes: Lanes, gather: Gather
) -> None:
    bidders = gather(PEOPLE, [house.gateway] * SOCKETS)
    amounts, answers, killed = count(2_000, 1_000), [], {}
    for number in range(WAVES):
        if number in KILLED:
            name = house.name(KILLED[number])
            killed[name] = house.stack.control.kill(name)
        answers += received_wave(bidders, amounts)
    assert {answer["type"] for answer in answers} == {"bid.received"}
    assert len(answers) == PEOPLE * SOCKETS * WAVES
    for bidder in bidders:
        bidder.wait_outcomes()
    check_all(lanes, house.gateway, bidders, answers[0])
    for name, pid in killed.items():
        house.stack.control.wait_restarted(name, old_pid=pid)
