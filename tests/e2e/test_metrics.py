"""The metrics of the running cluster, and who may read them."""

import os
import signal
from pathlib import Path
from uuid import uuid4

import httpx

from app.observability.metrics import SESSION
from app.protocol.topics import AUCTION_BID, AUCTION_EVENT
from stack.readiness import complaint_of
from tests.e2e.cluster import Cluster
from tests.e2e.lots import create_lot
from tests.e2e.people import Gateway, Person
from tests.e2e.processes import worker_pids
from tests.e2e.raw import RawConnection, head
from tests.scraping import read
from tests.waiting import stretched, wait_until

# Each is counted by another process on the way of one bid, or at the end of its auction.
ON_THE_WAY = [
    ("ws_received_frames_total", ""),
    ("ws_sent_frames_total", ""),
    ("ws_received_bids_total", ""),
    ("ws_acknowledged_bids_total", ""),
    ("ws_receipt_seconds_count", ""),
    ("ws_fanout_seconds_count", ""),
    ("ws_delivery_seconds_count", ""),
    ("ws_pushed_frames_total", ""),
    ("gateway_loop_delay_seconds_count", ""),
    ("auction_decided_bids_total", "accepted"),
    ("ws_ended_sockets_total", "client"),
    ("ingest_records_total", AUCTION_BID.name),
    ("ingest_batch_records_count", AUCTION_BID.name),
    ("ingest_lag_seconds_count", AUCTION_BID.name),
    ("lane_settled_records_total", AUCTION_BID.name),
    ("lane_batch_records_count", AUCTION_BID.name),
    ("lane_settle_seconds_count", AUCTION_BID.name),
    ("lane_wait_seconds_count", AUCTION_BID.name),
    ("lane_inbox_seconds_count", AUCTION_BID.name),
    ("relay_sent_messages_total", AUCTION_EVENT.name),
    ("relay_lag_seconds_count", ""),
    ("broadcast_published_messages_total", AUCTION_EVENT.name),
    ("broadcast_lag_seconds_count", AUCTION_EVENT.name),
    ("broadcast_age_seconds_count", AUCTION_EVENT.name),
    ("auction_close_seconds_count", ""),
]


def test_metrics_count_a_bid_and_a_close_at_every_stage(
    cluster: Cluster, seller: Person, anna: Person
) -> None:
    before = read(cluster.metrics_url)
    lot = create_lot(seller, lasts_s=stretched(6))
    with anna.enter() as bidder:
        bidder.request("subscribe", channel=f"auction:{lot['id']}")
        bidder.request("bid.place", auction_id=lot["id"], amount=1_500, key=uuid4().hex)
        bidder.push("auction.state", auction_id=lot["id"], status="closed")

    def uncounted() -> set[tuple[str, str]]:
        now = read(cluster.metrics_url)
        return {at for at in ON_THE_WAY if now.get(at, 0.0) <= before.get(at, 0.0)}

    # The gateway's own come once a second.
    wait_until(lambda: not uncounted(), what=f"counted, one of {ON_THE_WAY}")
    shown = {
        ("ws_unknown_bids_total", ""),
        ("backlog_waiting_records", AUCTION_BID.name),
        ("postgres_oldest_transaction_seconds", SESSION),
    }
    assert shown <= read(cluster.metrics_url).keys()


def wait_for_open(sockets: int, url: str) -> None:
    wait_until(lambda: read(url)["ws_open_sockets", ""] == sockets, what=f"{sockets} sockets open")


def test_metrics_count_open_sockets_and_how_they_ended(cluster: Cluster, tmp_path: Path) -> None:
    with cluster.metered_gateway("gateway-counted", tmp_path) as (gateway, url):
        with gateway.enter(), gateway.enter(), gateway.open() as rude:
            wait_for_open(3, url)
            rude.send("time", client_ms=0)
            assert rude.wait_closed() == 4401
            wait_for_open(2, url)
        wait_for_open(0, url)
        ended = read(url)
    assert ended["ws_ended_sockets_total", "4401"] == 1
    assert ended["ws_ended_sockets_total", "client"] == 2
    served = ("http_request_duration_seconds_count", "websocketGET200")
    assert served not in ended, "a socket's life is no duration of a request"


def test_sockets_of_a_killed_gateway_are_not_counted_as_open(
    cluster: Cluster, tmp_path: Path
) -> None:
    with cluster.metered_gateway("gateway-killed", tmp_path) as (gateway, url):
        with gateway.enter() as socket:
            wait_for_open(1, url)
            old_pid = cluster.stack.control.kill(gateway.name)
            socket.wait_closed()
        cluster.stack.control.wait_restarted(gateway.name, old_pid=old_pid)
        wait_until(lambda: not complaint_of(gateway.base_url), what="the gateway is back")
        wait_for_open(0, url)


DEATHS = 6
KINDS = 5  # of files: a process has at most one of each


def workers_of(cluster: Cluster, gateway: Gateway) -> list[int]:
    return worker_pids(cluster.stack.control.pid(gateway.name))


def test_killed_workers_lower_no_counter_and_leave_no_file(
    cluster: Cluster, tmp_path: Path
) -> None:
    served = ("http_request_duration_seconds_count", "healthzGET200")
    seen, files = [0.0], []
    with cluster.metered_gateway("gateway-mortal", tmp_path) as (gateway, url):
        for death in range(1, DEATHS + 1):
            (worker,) = workers_of(cluster, gateway)
            with RawConnection.open(gateway.port) as wire:
                for _ in range(10):
                    assert wire.send(head("GET", "/healthz")).answer().status == 200
            os.kill(worker, signal.SIGKILL)

            def reads(worker: int = worker) -> bool:
                seen.append(read(url).get(served, 0.0))
                return workers_of(cluster, gateway) not in ([], [worker])

            wait_until(reads, what="another worker, while the metrics are read")
            wait_until(lambda: not complaint_of(gateway.base_url), what="it serves")
            # A read of the last second may be served again.
            wait_until(lambda n=death: read(url).get(served) == 10 * n, what="all counted, once")  # type: ignore[misc]
            files.append(len(list(tmp_path.iterdir())))
    assert seen == sorted(seen), "a counter fell"
    assert max(files) <= KINDS * (len(("merged", "exporter", "master", "worker")) + 1)


def test_requests_create_no_series_of_their_own(cluster: Cluster, gateway: Gateway) -> None:
    def series() -> set[tuple[str, str]]:
        return {at for at in read(cluster.metrics_url) if at[0].startswith(("http_", "gateway_"))}

    strange = [("BREW", "/api/products"), ("GET", "/api/nothing/{}"), ("X{}", "/{}"),
               ("GET", "/{}.js"), ("PATCH", "/ws"), ("GET", "/ws"),
               ("DELETE", "/api/auctions/{}")]  # fmt: skip

    def request(number: int) -> None:
        for method, path in strange:
            gateway.http.request(method.format(number), path.format(number))

    request(0)
    before = series()
    for number in range(1, 20):
        request(number)
    assert series() == before


def test_outsiders_see_no_metrics(gateway: Gateway, cluster: Cluster) -> None:
    for path in ("/metrics", "/metrics/", "/metrics/x"):
        answer = gateway.http.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
    assert httpx.get(cluster.metrics_url.removesuffix("/metrics")).status_code == 404
