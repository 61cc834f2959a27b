"""What `/metrics` of the running house tells."""

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.observability.metrics import ENDS, HOLDERS, REFUSAL_CAUSES, SESSION
from app.protocol.topics import ALL_TOPICS, AUCTION_BID, AUCTION_EVENT
from app.services.burials import REASONS
from stack.readiness import complaint_of
from tests.e2e.house import House
from tests.e2e.lots import put_up
from tests.e2e.people import Gateway, Person
from tests.waiting import stretched, wait_until

PIPELINES = {"relay", "broadcast", "save", "event", "clock"}
OF_A_TOPIC = {"ingest", "gauge"}
CLOSED_SETS: dict[str, Callable[[str], bool]] = {
    "topic": lambda value: value in {topic.name for topic in ALL_TOPICS},
    "end": lambda value: value in ENDS,
    "reason": lambda value: value in REASONS,
    "pipeline": lambda value: value.partition(":")[0] in PIPELINES | OF_A_TOPIC,
    "cause": lambda value: value in REFUSAL_CAUSES,
    "holder": lambda value: value in HOLDERS,
}
OURS = (
    "auction_", "backlog_", "broadcast_", "gateway_", "ingest_", "lane_", "pipeline_", "postgres_",
    "relay_", "save_", "ws_",
)  # fmt: skip

Samples = dict[tuple[str, str], float]


def read(gateway: Gateway) -> Samples:
    """Our own samples: {(name, value of its label or nothing): value}, buckets left out."""
    text = httpx.get(f"{gateway.base_url}/metrics").text
    found: Samples = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name.startswith(OURS) and "le" not in sample.labels:
                assert all(CLOSED_SETS[name](value) for name, value in sample.labels.items())
                found[sample.name, "".join(sample.labels.values())] = sample.value
    return found


# Each is counted by another process on the way of one bid, or at the end of its auction.
ON_THE_WAY = [
    ("ws_received_frames_total", ""),
    ("ws_sent_frames_total", ""),
    ("ws_received_bids_total", ""),
    ("ws_acknowledged_bids_total", ""),
    ("ws_receipt_seconds_count", ""),
    ("ws_fanout_seconds_count", ""),
    ("ws_ended_sockets_total", "client"),
    ("ingest_taken_records_total", AUCTION_BID.name),
    ("ingest_batch_records_count", AUCTION_BID.name),
    ("ingest_lag_seconds_count", AUCTION_BID.name),
    ("lane_settled_records_total", AUCTION_BID.name),
    ("lane_batch_records_count", AUCTION_BID.name),
    ("lane_settle_seconds_count", AUCTION_BID.name),
    ("lane_wait_seconds_count", AUCTION_BID.name),
    ("relay_sent_messages_total", AUCTION_EVENT.name),
    ("relay_lag_seconds_count", ""),
    ("broadcast_published_messages_total", AUCTION_EVENT.name),
    ("broadcast_lag_seconds_count", AUCTION_EVENT.name),
    ("auction_close_seconds_count", ""),
]


def test_a_bid_and_the_close_of_its_auction_are_counted_on_their_whole_way(
    gateway: Gateway, seller: Person, anna: Person
) -> None:
    before = read(gateway)
    lot = put_up(seller, lasts_s=stretched(6))
    with anna.enter() as bidder:
        bidder.ask("subscribe", channel=f"auction:{lot['id']}")
        bidder.ask("bid.place", auction_id=lot["id"], amount=1_500, key=uuid4().hex)
        bidder.push("auction.state", auction_id=lot["id"], status="closed")

    def uncounted() -> set[tuple[str, str]]:
        now = read(gateway)
        return {at for at in ON_THE_WAY if now.get(at, 0.0) <= before.get(at, 0.0)}

    # The gateway's own come once a second.
    wait_until(lambda: not uncounted(), what=f"counted, one of {ON_THE_WAY}")
    shown = {
        ("ws_unknown_bids_total", ""),
        ("backlog_waiting_records", AUCTION_BID.name),
        ("postgres_oldest_transaction_seconds", SESSION),
    }
    assert shown <= read(gateway).keys()


@pytest.fixture
def own_metrics(tmp_path: Path) -> dict[str, str]:
    return {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}


def wait_for_open(sockets: int, gateway: Gateway) -> None:
    wait_until(
        lambda: read(gateway)["ws_open_sockets", ""] == sockets, what=f"{sockets} sockets open"
    )


def test_sockets_are_counted_while_they_are_open_and_by_their_end(
    house: House, own_metrics: dict[str, str]
) -> None:
    with house.another_gateway("gateway-counted", **own_metrics) as gateway:
        with gateway.enter(), gateway.enter(), gateway.open() as rude:
            wait_for_open(3, gateway)
            rude.send("time", client_ms=0)
            assert rude.wait_closed() == 4401
            wait_for_open(2, gateway)
        wait_for_open(0, gateway)
        ended = read(gateway)
    assert ended["ws_ended_sockets_total", "4401"] == 1
    assert ended["ws_ended_sockets_total", "client"] == 2


def test_sockets_of_a_killed_gateway_are_not_open(
    house: House, own_metrics: dict[str, str]
) -> None:
    with house.another_gateway("gateway-killed", **own_metrics) as gateway:
        with gateway.enter() as socket:
            wait_for_open(1, gateway)
            old_pid = house.stack.control.kill(gateway.name)
            socket.wait_closed()
        house.stack.control.wait_restarted(gateway.name, old_pid=old_pid)
        wait_until(lambda: not complaint_of(gateway.base_url), what="the gateway is back")
        wait_for_open(0, gateway)
