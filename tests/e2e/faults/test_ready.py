"""A gateway is ready while bids are accepted and get outcomes."""

import httpx

from stack.websocket_client import Frame
from tests.e2e.bidding import place
from tests.e2e.cluster import Cluster
from tests.e2e.lots import create_lot
from tests.e2e.people import Gateway, Person
from tests.waiting import wait_until

WORKERS = ("worker-bids-0", "worker-bids-1")


def ready(gateway: Gateway) -> tuple[int, Frame]:
    answer = httpx.get(f"{gateway.base_url}/readyz", timeout=60)
    return answer.status_code, answer.json()


def is_red_for_settling(gateway: Gateway) -> bool:
    status, found = ready(gateway)
    away = {name for name, state in found["dependencies"].items() if state != "ok"}
    return (status, found["ready"], away) == (503, False, {"settling"})


def test_a_gateway_is_not_ready_while_bids_get_no_outcome(
    cluster: Cluster, seller: Person, anna: Person
) -> None:
    lot = create_lot(seller)
    with cluster.another_gateway("gateway-ready", UNANSWERED_S_MAX="3") as gateway:
        with anna.enter(at=gateway) as socket:
            with cluster.without(*WORKERS):
                assert place(socket, lot, 2_000)["type"] == "bid.received"
                wait_until(lambda: is_red_for_settling(gateway), what="no worker answers the bid")
            wait_until(lambda: ready(gateway)[0] == httpx.codes.OK, what="a worker has answered it")
            socket.push("bid.result", status="accepted")
        with cluster.without("bridge"):
            wait_until(lambda: is_red_for_settling(gateway), what="there is no news of the bridge")
        wait_until(lambda: ready(gateway)[0] == httpx.codes.OK, what="the bridge is back")
