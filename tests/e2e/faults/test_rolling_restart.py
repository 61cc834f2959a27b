"""Everything is restarted, one after another, and the database grows: no bid fails."""

import signal
from collections.abc import Sequence
from pathlib import Path

from stack.readiness import complaint_of
from tests.e2e.faults.conftest import Gather
from tests.e2e.faults.expansion import expanded
from tests.e2e.house import House
from tests.e2e.people import Gateway, Person
from tests.e2e.regulars import Regular, check_bids, crowd_bids
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
        check_bids(lanes, second, requesters, regulars)
        for regular in regulars:
            assert regular.told("bye"), "its gateway said goodbye"
