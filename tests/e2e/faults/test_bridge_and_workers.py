"""A bid worker and the bridge die in the middle of a storm of bids, and bidders are voided."""

from collections.abc import Collection, Sequence
from itertools import count

import msgspec

from app.protocol.records import VoidValue
from tests.e2e.bidders import Bidder, bid_from_all_with_retries, check_all
from tests.e2e.cluster import Cluster
from tests.e2e.faults.conftest import MakeBidders
from tests.integration.lanes.cluster import LaneCluster, Lot
from tests.waiting import wait_until

PEOPLE, SOCKETS, WAVES = 25, 2, 20  # 1,000 bids from 50 sockets
KILLED = {6: "worker-bids-0", 12: "bridge"}


def test_a_thousand_bids_survive_kills_of_worker_and_bridge(
    cluster: Cluster, lanes: LaneCluster, make_bidders: MakeBidders
) -> None:
    bidders = make_bidders(PEOPLE, [cluster.gateway] * SOCKETS)
    lot = Lot(bidders[0].lot_id, [bidder.person.id for bidder in bidders])
    voided = []
    amounts, answers, killed = count(2_000, 1_000), [], {}
    for number in range(WAVES):
        if number in KILLED:
            name = cluster.name(KILLED[number])
            killed[name] = cluster.stack.control.kill(name)
            voided.append(void(lanes, lot, number))
        answers += bid_from_all_with_retries(bidders, amounts)
    assert {answer["type"] for answer in answers} == {"bid.received"}
    assert len(answers) == PEOPLE * SOCKETS * WAVES
    for bidder in bidders:
        bidder.wait_outcomes()
    leader_id = lanes.state(lot).leader_id
    assert leader_id == highest(bidders)
    voided.append(void(lanes, lot, lot.bidders.index(leader_id)))
    wait_until(lambda: lanes.state(lot).voided_ids == set(voided), what="all voids are decided")
    assert lanes.state(lot).leader_id == highest(bidders, voided)
    check_all(lanes, cluster.gateway, bidders, answers[0])
    for name, pid in killed.items():
        cluster.stack.control.wait_restarted(name, old_pid=pid)


def highest(bidders: Sequence[Bidder], voided: Collection[int] = ()) -> int:
    """Whose accepted amount is the highest, those voided aside.

    The sockets of a wave race: what comes after a higher amount, or too little above a lower one,
    is refused.
    """
    accepted = [
        (bidder.amounts[result["key"]], bidder.person.id)
        for bidder in bidders
        if bidder.person.id not in voided
        for result in bidder.received("bid.result")
        if result["status"] == "accepted"
    ]
    return max(accepted)[1]


def void(lanes: LaneCluster, lot: Lot, number: int) -> int:
    """Put into the log that the bids of this bidder are void; the bidder."""
    bidder_id = lot.bidders[number]
    value = VoidValue(1, lot.auction_id, actor_id=1, bidder_id=bidder_id, reason="never pays")
    lanes.put(str(lot.auction_id).encode(), msgspec.json.encode(value))
    return bidder_id
