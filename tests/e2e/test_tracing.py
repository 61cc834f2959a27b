"""Traces of bids: one each, over all processes, in a collector of OpenTelemetry's protocol."""

import json
from collections.abc import Iterator
from itertools import pairwise
from uuid import uuid4

import pytest
from kafka import KafkaProducer

from app.protocol.topics import AUCTION_BID, AUCTION_EVENT
from app.services.rejected_records import UNKNOWN_AUCTION
from app.settings import read_settings
from lanes.kafka.security import client_arguments
from lanes.tracing import TRACEPARENT, Stage
from stack.websocket_client import Frame
from tests.e2e.client import Socket
from tests.e2e.cluster import Cluster
from tests.e2e.collector import Collector, Hanging, Received
from tests.e2e.lots import create_lot
from tests.e2e.people import Person
from tests.kafka_log import ends, records

WAY = (Stage.PLACE, Stage.INGEST, Stage.SETTLE, Stage.RELAY, Stage.BROADCAST, Stage.PUSH)
SERVICES = ("gateway", "bridge", "worker", "bridge", "bridge", "gateway")
TRACED = ("gateway", "bridge", "worker-bids-0", "worker-bids-1")
ALL = {"OTEL_TRACES_SAMPLER": "parentbased_always_on", "OTEL_BSP_SCHEDULE_DELAY": "100"}
NEVER = {"OTEL_BSP_SCHEDULE_DELAY": "600000"}
MISSING_AUCTION_ID = 10**12  # no auction
POST = "POST /api/auctions/<int:auction_id>/bids"


@pytest.fixture(scope="module")
def collector(cluster: Cluster) -> Iterator[Collector]:
    """What the house exports to from its first use on, tracing every bid: tests without it come
    before those with it."""
    with (
        Collector.open() as collector,
        cluster.changed(*TRACED, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, **ALL),
    ):
        yield collector


def place(bidder: Socket, lot: Frame, amount: int = 1_500) -> str:
    """Bid, and wait for the outcome; the id of the bid."""
    answer = bidder.request("bid.place", auction_id=lot["id"], amount=amount, key=uuid4().hex)
    assert answer["type"] == "bid.received", answer
    bidder.push("bid.result", bid_id=answer["bid_id"])
    return str(answer["bid_id"])


def check_way(cluster: Cluster, found: dict[str, Received]) -> None:
    """Each stage is the child of the one before, ran where it should, and succeeded."""
    for before, after in pairwise(WAY):
        assert found[after].parent == found[before].id, (before, after)
        assert found[after].started_ns >= found[before].started_ns
    assert [found[stage].service for stage in WAY] == list(SERVICES)
    assert {found[stage].process for stage in WAY} <= set(map(cluster.name, TRACED))
    assert all(found[stage].ended_ns >= found[stage].started_ns > 0 for stage in WAY)
    assert not any(found[stage].has_failed for stage in WAY)


def test_an_untraced_bid_has_no_trace_header_or_trace_id(cluster: Cluster, seller: Person) -> None:
    settings = read_settings(cluster.stack.environment())
    since = {topic.name: ends(settings, topic.name) for topic in (AUCTION_BID, AUCTION_EVENT)}
    lot = create_lot(seller)
    with cluster.gateway.sign_up("Uma").enter() as bidder:
        place(bidder, lot)
    found = [one for name, starts in since.items() for one in records(settings, name, starts)]
    assert {one.topic for one in found} == set(since)
    assert not any(name == TRACEPARENT for one in found for name, _ in one.headers)
    assert not any(TRACEPARENT.encode() in one.value for one in found)


def test_a_collector_that_hangs_costs_spans_and_no_bid(cluster: Cluster, seller: Person) -> None:
    lot = create_lot(seller)
    queue = {"OTEL_BSP_MAX_QUEUE_SIZE": "64", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "8"}
    hurried = {"FRAMES_PER_S_MAX": "1000000"}  # a hundred bids as fast as they are decided
    with Hanging.open() as hanging:
        changes = {"OTEL_EXPORTER_OTLP_ENDPOINT": hanging.url, **ALL, **queue, **hurried}
        with cluster.changed(*TRACED, **changes):
            with cluster.gateway.sign_up("Theo").enter() as bidder:
                for amount in range(1_500, 11_500, 100):
                    place(bidder, lot, amount)
            assert hanging.accepted


def test_processes_that_end_export_what_they_have_recorded(
    cluster: Cluster, seller: Person
) -> None:
    lot = create_lot(seller)
    with Collector.open() as collector:
        changes = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, **ALL, **NEVER}
        with (
            cluster.changed(*TRACED, **changes),
            cluster.gateway.sign_up("Tina").enter() as bidder,
        ):
            bid_id = place(bidder, lot)
            assert not collector.spans
        collector.trace_of(bid_id, until=WAY)


def test_a_socket_bid_is_one_trace_from_frame_to_push(
    cluster: Cluster, collector: Collector, seller: Person
) -> None:
    lot = create_lot(seller)
    with cluster.gateway.sign_up("Tracy").enter() as bidder:
        bid_id = place(bidder, lot)
    found = collector.trace_of(bid_id, until=WAY)
    assert found.keys() == set(WAY)
    assert found[Stage.PLACE].parent == ""
    check_way(cluster, found)
    placed = found[Stage.PLACE].attributes
    assert placed["auction.id"] == lot["id"]
    for stage in (Stage.INGEST, Stage.SETTLE):  # the very record
        for name in ("messaging.destination.partition.id", "messaging.kafka.offset"):
            assert found[stage].attributes[name] == placed[name]
    assert found[Stage.PUSH].attributes["bid.status"] == "accepted"


def test_a_bid_over_http_continues_its_clients_trace(
    cluster: Cluster, collector: Collector, seller: Person
) -> None:
    lot, client = create_lot(seller), "00f067aa0ba902b7"
    trace = uuid4().hex
    bidder = cluster.gateway.sign_up("Trace")
    headers = {"Idempotency-Key": uuid4().hex, "traceparent": f"00-{trace}-{client}-01"}
    with bidder.enter() as socket:
        answer = bidder.request(
            "POST", f"/api/auctions/{lot['id']}/bids", {"amount": 1_500}, headers=headers
        )
        bid_id = answer.json()["bid_id"]
        result = socket.push("bid.result", bid_id=bid_id)
    assert "traceparent" not in result
    found = collector.trace_of(bid_id, until={POST, *WAY})
    assert found.keys() == {POST, *WAY}
    assert {span.trace for span in found.values()} == {trace}
    assert (found[POST].parent, found[POST].kind) == (client, "SERVER")
    assert found[POST].attributes["http.response.status_code"] == 202
    assert found[Stage.PLACE].parent == found[POST].id
    check_way(cluster, found)


@pytest.mark.parametrize(
    "traceparent", ["", "00-1-2-01", f"00-{'0' * 32}-{'1' * 16}-01", f"ff-{'1' * 32}-{'1' * 16}-01"]
)
def test_a_traceparent_that_is_not_w3cs_is_ignored(
    collector: Collector, seller: Person, anna: Person, traceparent: str
) -> None:
    lot = create_lot(seller)
    headers = {"Idempotency-Key": uuid4().hex, "traceparent": traceparent}
    path = f"/api/auctions/{lot['id']}/bids"
    answer = anna.request("POST", path, {"amount": 1_500}, headers=headers)
    assert answer.status_code == 202, answer.text
    found = collector.trace_of(answer.json()["bid_id"], until={POST, Stage.SETTLE})
    assert found[POST].parent == ""
    assert found[POST].trace not in traceparent


def test_the_bids_that_one_settle_decides_are_a_trace_each(
    cluster: Cluster, collector: Collector, seller: Person
) -> None:
    lot = create_lot(seller)
    with cluster.gateway.sign_up("Terry").enter() as bidder:
        with cluster.without("worker-bids-0", "worker-bids-1"):
            sent = [
                bidder.send("bid.place", auction_id=lot["id"], amount=amount, key=uuid4().hex)
                for amount in (1_500, 1_600, 1_700)
            ]
            ids = [bidder.answer(frame_id)["bid_id"] for frame_id in sent]
        for bid_id in ids:
            bidder.push("bid.result", bid_id=bid_id)
    traces = [collector.trace_of(bid_id, until=WAY) for bid_id in ids]
    assert len({found[Stage.PLACE].trace for found in traces}) == len(ids)
    for bid_id, found in zip(ids, traces, strict=True):
        check_way(cluster, found)
        assert found[Stage.PUSH].attributes["bid.id"] == bid_id


def test_a_foreign_records_trace_reaches_its_dead_letter(
    cluster: Cluster, collector: Collector
) -> None:
    trace, span = uuid4().hex, "00f067aa0ba902b7"
    header = ("traceparent", f"00-{trace}-{span}-01".encode())
    value = {"v": 1, "type": "close", "auction_id": MISSING_AUCTION_ID}
    producer = KafkaProducer(**client_arguments(read_settings(cluster.stack.environment()).kafka))
    producer.send(
        AUCTION_BID.name,
        key=str(MISSING_AUCTION_ID).encode(),
        value=json.dumps(value).encode(),
        headers=[header, ("traceparent", b"\x00\xff"), ("tracestate", b"\x00")],
    )
    producer.close()
    found = collector.trace(trace, until={Stage.INGEST, Stage.DEAD_LETTER})
    assert found[Stage.INGEST].parent == span
    assert found[Stage.DEAD_LETTER].parent == found[Stage.INGEST].id
    assert found[Stage.DEAD_LETTER].attributes["bid.code"] == UNKNOWN_AUCTION


def test_a_child_that_a_worker_has_forked_exports_its_own_spans(
    cluster: Cluster, collector: Collector, seller: Person
) -> None:
    """The last one: it leaves a worker behind that traces nothing."""
    lot, changes = create_lot(seller), {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, **ALL}
    prefork = ("-P", "prefork", "-c", "2")
    with (
        cluster.without("worker-bids-1"),
        cluster.changed("worker-bids-0", options=prefork, **changes),
        cluster.gateway.sign_up("Toni").enter() as bidder,
    ):
        bid_id = place(bidder, lot)
        found = collector.trace_of(bid_id, until=WAY)
    check_way(cluster, found)
