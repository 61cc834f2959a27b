"""SIGTERM of a gateway with open sockets: each gets `bye` first."""

import signal

import httpx

from tests.e2e.bidding import place, watch
from tests.e2e.cluster import Cluster
from tests.e2e.lots import create_lot
from tests.e2e.people import Person
from tests.waiting import wait_until

END_S = 15
HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def test_a_drained_gateway_sends_bye_and_exits(
    cluster: Cluster, seller: Person, anna: Person
) -> None:
    lot = create_lot(seller)
    with cluster.another_gateway("gateway-drained") as gateway:
        # A browser keeps a connection that it does not use; only over one that is open can
        # new clients still ask to be let in.
        idle, newcomer = httpx.Client(base_url=gateway.base_url), gateway.http
        assert idle.get("/healthz").status_code == newcomer.get("/healthz").status_code == 200
        with anna.enter(at=gateway) as bidder, gateway.enter() as viewer:
            watch(viewer, lot)
            receipt = place(bidder, lot, 1_000)
            pid = cluster.stack.control.kill(gateway.name, signal.SIGTERM)
            byes = [bidder.push("bye"), viewer.push("bye")]
            refused = newcomer.get("/ws", headers={**HANDSHAKE, "Origin": gateway.base_url})
            assert (bidder.wait_closed(), viewer.wait_closed()) == (4001, 4001)
        wait_until(
            lambda: cluster.stack.control.pid(gateway.name) != pid,
            what="the drained gateway has ended",
            seconds=END_S,
        )
        idle.close()
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert all(bye["code"] == 4001 and bye["retry_after_ms"] > 0 for bye in byes)
    with anna.enter() as back:
        status = back.request("bid.status", auction_id=lot["id"], key=receipt["key"])
        assert (status["offset"], status["standing"]) == (receipt["offset"], "leading")
