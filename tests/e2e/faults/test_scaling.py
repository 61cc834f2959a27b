"""Pools grow and shrink under load: no bid fails, none is doubled, all keep their order."""

import time
from collections.abc import Sequence

import httpx

from stack.application import pool_names
from tests.e2e.bidders import DECIDED, check_all
from tests.e2e.faults.conftest import Gather
from tests.e2e.house import House
from tests.e2e.people import Person
from tests.e2e.regulars import Regular, crowd_bids
from tests.integration.lanes.house import House as Lanes
from tests.waiting import wait_until

SIZES = {"bids": 4, "other": 2, "bridge": 2, "gateway": 2}
BIDS_PER_PHASE = 60


def bid_on(regulars: Sequence[Regular], phase: str) -> None:
    """Return once so many more outcomes were told; print how many a second."""
    before, began = outcomes(regulars), time.monotonic()
    wanted = before + BIDS_PER_PHASE
    wait_until(lambda: outcomes(regulars) >= wanted, what=f"{wanted} outcomes {phase}")
    rate = (outcomes(regulars) - before) / (time.monotonic() - began)
    print(f"{phase}: {rate:.0f} decided bids a second")


def outcomes(regulars: Sequence[Regular]) -> int:
    return sum(len(regular.told("bid.result")) + len(regular.asked) for regular in regulars)


def online(flower_url: str) -> set[str]:
    """The nodes that Flower shows as online, without their host's name."""
    nodes = httpx.get(f"{flower_url}/workers", params={"json": "1"}).json()["data"]
    return {node["hostname"].partition("@")[0] for node in nodes if node["status"]}


def test_pools_that_grow_and_shrink_under_load_fail_no_bid(
    house: House, lanes: Lanes, gather: Gather, crowd: Sequence[Person]
) -> None:
    requesters = gather(2, [house.gateway])
    lot_id = requesters[0].lot_id
    regulars = [Regular(one, lot_id, [house.gateway]) for one in crowd[2:12]]
    with house.flower() as flower_url, crowd_bids(regulars, requesters, [house.gateway]):
        bid_on(regulars, "before")
        with house.scaled(**SIZES):
            bid_on(regulars, "while grown")
            nodes = {house.name(name) for name in pool_names("bids", SIZES["bids"])}
            wait_until(lambda: nodes <= online(flower_url), what="Flower shows the four")
            for regular in regulars:  # who comes anew may come to either gateway
                regular.sockets[0].close()
            bid_on(regulars, "with new sockets")
        bid_on(regulars, "after")
    everybody = [*requesters, *regulars]
    for one in everybody:
        one.reconnect()
    for requester in requesters:
        requester.chase()
    receipts = [receipt for one in regulars for receipt in one.told("bid.received")]
    check_all(lanes, house.gateway, everybody, receipts[0])
    for regular in regulars:
        assert set(regular.asked.values()) <= set(DECIDED)
        assert {frame["status"] for frame in regular.told("bid.result")} <= set(DECIDED)
    for one in everybody:
        one.close()
