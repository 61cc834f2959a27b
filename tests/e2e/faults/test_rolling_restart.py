"""Everything is restarted, one after another, and the database grows: no bid fails."""

import signal
from collections.abc import Sequence
from pathlib import Path

from stack.readiness import complaint_of
from tests.e2e.cluster import Cluster
from tests.e2e.faults.conftest import MakeBidders
from tests.e2e.faults.expansion import expanded
from tests.e2e.people import Gateway, Person
from tests.e2e.reconnecting import ReconnectingBidder, bid_in_background, check_bids
from tests.integration.lanes.cluster import LaneCluster
from tests.waiting import wait_until

END_S = 15  # every process must end so soon after SIGTERM


def restart(cluster: Cluster, name: str) -> None:
    """SIGTERM, as any operator's tool sends it; the supervisor starts it again."""
    control = cluster.stack.control
    pid = control.kill(name, signal.SIGTERM)
    wait_until(lambda: control.pid(name) != pid, what=f"{name} has ended", seconds=END_S)
    control.wait_restarted(name, old_pid=pid)


def restart_gateway(cluster: Cluster, gateway: Gateway) -> None:
    restart(cluster, gateway.name)
    wait_until(lambda: not complaint_of(gateway.base_url), what=f"{gateway.name} is ready")


def test_a_rolling_restart_with_a_migration_fails_no_bid(
    cluster: Cluster,
    lanes: LaneCluster,
    make_bidders: MakeBidders,
    crowd: Sequence[Person],
    tmp_path: Path,
) -> None:
    with cluster.another_gateway("gateway-b") as second:
        gateways = [cluster.gateway, second]
        requesters = make_bidders(2, gateways)
        regulars = [ReconnectingBidder(one, requesters[0].lot_id, gateways) for one in crowd[2:10]]
        with bid_in_background(regulars, requesters, gateways):
            for process in ("bridge", "worker-bids-0"):
                restart(cluster, cluster.name(process))
            restart_gateway(cluster, cluster.gateway)
            with expanded(cluster.stack, tmp_path):
                restart_gateway(cluster, second)
                for process in ("worker-bids-1", "worker-other"):
                    restart(cluster, cluster.name(process))
        check_bids(lanes, second, requesters, regulars)
        for regular in regulars:
            assert regular.received("bye"), "its gateway said goodbye"
