"""Everything is restarted, one after another, and the database grows: no bid fails."""

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from stack.readiness import complaint_of
from tests.e2e.bidders import DECIDED, Bidder, check_all
from tests.e2e.faults.conftest import Gather
from tests.e2e.faults.expansion import expanded
from tests.e2e.house import House
from tests.e2e.people import Gateway, Person
from tests.e2e.regulars import Regular, bid_by_requests
from tests.integration.lanes.house import House as Lanes
from tests.waiting import wait_until

END_S = 15  # in which every process ends that is asked to


def restart(house: House, name: str) -> None:
    """SIGTERM, as any operator's tool sends it; the supervisor starts it again."""
    control = house.stack.control
    pid = control.kill(name, signal.SIGTERM)
    wait_until(lambda: control.pid(name) != pid, what=f"{name} has ended", seconds=END_S)
    control.wait_restarted(name, old_pid=pid)


def restart_gateway(house: House, gateway: Gateway) -> None:
    restart(house, gateway.name)
    wait_until(lambda: not complaint_of(gateway.base_url), what=f"{gateway.name} is ready")


@contextmanager
def crowd_bids(
    regulars: Sequence[Regular], requesters: Sequence[Bidder], at: Sequence[Gateway]
) -> Iterator[None]:
    """Everybody bids all the time, until left; whatever went wrong for one is raised then."""
    over, amounts = threading.Event(), count(2_000, 1_000)
    goes_on: Callable[[], bool] = lambda: not over.is_set()  # noqa: E731 - needs its type
    with ThreadPoolExecutor() as pool:
        jobs = [pool.submit(regular.bid_while, goes_on, amounts) for regular in regulars]
        jobs += [pool.submit(bid_by_requests, one, at, goes_on, amounts) for one in requesters]
        try:
            yield
        finally:
            over.set()
    for job in jobs:
        job.result()


def test_a_rolling_restart_with_an_expanding_migration_in_its_middle_fails_no_bid(
    house: House, lanes: Lanes, gather: Gather, crowd: Sequence[Person], tmp_path: Path
) -> None:
    with house.another_gateway("gateway-b") as second:
        gateways = [house.gateway, second]
        requesters = gather(2, gateways)
        regulars = [Regular(one, requesters[0].lot_id, gateways) for one in crowd[2:10]]
        with crowd_bids(regulars, requesters, gateways):
            for process in ("bridge", "worker-bids-0"):
                restart(house, house.name(process))
            restart_gateway(house, house.gateway)
            with expanded(house.stack, tmp_path):
                restart_gateway(house, second)
                for process in ("worker-bids-1", "worker-other"):
                    restart(house, house.name(process))
        everybody = [*requesters, *regulars]
        for one in everybody:
            one.reconnect()
        for requester in requesters:
            requester.chase()
        receipts = [receipt for one in regulars for receipt in one.told("bid.received")]
        check_all(lanes, second, everybody, receipts[0])
        for regular in regulars:
            assert set(regular.asked.values()) <= set(DECIDED)
            assert {frame["status"] for frame in regular.told("bid.result")} <= set(DECIDED)
            assert regular.told("bye"), "its gateway said goodbye"
        for one in everybody:
            one.close()
