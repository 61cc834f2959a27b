"""Overload: clients get BUSY, backlogs stay bounded, and it ends by itself."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import count
from uuid import uuid4

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.protocol.topics import AUCTION_BID
from app.services.backlog import RETRY_MAX_S
from app.services.undecided import DECIDED_S
from app.settings import read_settings
from lanes.postgres.locks import RELAY_LOCK
from stack.websocket_client import Frame
from tests import kafka_log
from tests.e2e.bidders import Bidder, bid_from_all, bid_until_acknowledged, check_all
from tests.e2e.client import Socket
from tests.e2e.cluster import Cluster
from tests.e2e.faults.conftest import MakeBidders
from tests.e2e.lots import create_lot
from tests.e2e.people import Gateway, Person
from tests.freezing import frozen
from tests.integration.lanes.cluster import LaneCluster
from tests.waiting import wait_until

WORKERS = ("worker-bids-0", "worker-bids-1")
BURST = 15  # bids of one socket at once: below the limit of frames
RETRY_MS_MAX = RETRY_MAX_S * 1_500
REFUSED = "gateway_refused_records_total"


@pytest.fixture
def room(seller: Person, anna: Person) -> Frame:
    """A room that Anna has joined."""
    lot = create_lot(seller)
    room = anna.call("POST", "/api/rooms", {"type": "auction", "auction_id": lot["id"]})
    anna.call("POST", f"/api/rooms/{room['id']}/join")
    return room


def send_chat_message(socket: Socket, room: Frame) -> Frame:
    return socket.request("chat.send", room_id=room["id"], text="hello", key=uuid4().hex)


def is_each_refused(answers: Sequence[Frame]) -> bool:
    """Whether all answers are BUSY with a `retry_after_ms`."""
    if {answer["type"] for answer in answers} != {"error"}:
        return False
    assert {(answer["code"], answer["retry"]) for answer in answers} == {("BUSY", True)}
    assert all(500 <= answer["retry_after_ms"] <= RETRY_MS_MAX for answer in answers)
    return True


def bid_until_refused(bidders: Sequence[Bidder], amounts: Iterator[int]) -> Frame:
    """Bid until every bid of a wave is refused; the last receipt."""
    receipts: list[Frame] = []

    def refused() -> bool:
        answers = bid_from_all(bidders, amounts)
        receipts.extend(answer for answer in answers if answer["type"] == "bid.received")
        return is_each_refused(answers)

    wait_until(refused, what="bids are refused")
    return receipts[-1]


class Log:
    """The records appended to `auction-bid` since this was created."""

    def __init__(self, cluster: Cluster) -> None:
        self._settings = read_settings(cluster.stack.environment())
        self._since = kafka_log.ends(self._settings, AUCTION_BID.name)

    def records_of(self, lot_id: int) -> int:
        """How many records of a lot."""
        found = kafka_log.records(self._settings, AUCTION_BID.name, self._since)
        return sum(record.key == b"%d" % lot_id for record in found)


def sample(cluster: Cluster, name: str, **labels: str) -> float:
    """A sample of the metrics; 0 when there is none."""
    families = text_string_to_metric_families(httpx.get(cluster.metrics_url).text)
    found = [s.value for f in families for s in f.samples if (s.name, s.labels) == (name, labels)]
    return sum(found)


def check_refused_over_http(bidder: Bidder, gateway: Gateway) -> None:
    bearer = {"Authorization": f"Bearer {bidder.person.token}", "Idempotency-Key": uuid4().hex}
    path = f"/api/auctions/{bidder.lot_id}/bids"
    answer = gateway.http.post(path, json={"amount": 9_000_000}, headers=bearer)
    assert (answer.status_code, answer.json()["code"]) == (503, "BUSY")
    assert 1 <= int(answer.headers["Retry-After"]) <= RETRY_MS_MAX / 1_000


def check_accepts_again(
    lanes: LaneCluster, gateway: Gateway, bidders: Sequence[Bidder], amounts: Iterator[int]
) -> None:
    receipt = bid_until_acknowledged(bidders, amounts)
    for bidder in bidders:
        bidder.wait_outcomes()
    check_all(lanes, gateway, bidders, receipt)


def test_bids_are_refused_while_workers_are_down_then_resume(
    cluster: Cluster,
    lanes: LaneCluster,
    make_bidders: MakeBidders,
    seller: Person,
    anna: Person,
    room: Frame,
) -> None:
    gateway, amounts = cluster.gateway, count(2_000, 1_000)
    bidders = make_bidders(6, [gateway, gateway])
    unwanted = create_lot(seller)
    paused = {"name": "ingest_paused_partitions", "topic": AUCTION_BID.name}
    with cluster.changed("bridge", INBOX_BACKLOG_MAX="60"), anna.enter() as chatter:
        with cluster.without(*WORKERS):
            bid_until_refused(bidders, amounts)
            log = Log(cluster)
            assert is_each_refused(bid_from_all(bidders, amounts))
            check_refused_over_http(bidders[0], gateway)
            assert log.records_of(bidders[0].lot_id) == 0
            wait_until(
                lambda: sample(cluster, **paused) == AUCTION_BID.partitions, what="all are paused"
            )
            assert send_chat_message(chatter, room)["type"] == "chat.received"
            request = seller.request("POST", f"/api/auctions/{unwanted['id']}/cancel")
            assert request.status_code == 202, "a seller's request is accepted, and decided later"
            assert log.records_of(unwanted["id"]) == 1
        check_accepts_again(lanes, gateway, bidders, amounts)
        wait_until(lambda: sample(cluster, **paused) == 0, what="none is paused")
    causes = {"topic": AUCTION_BID.name, "cause": "backlog"}
    assert sample(cluster, REFUSED, **causes) > 0
    cancelled = seller.call("GET", f"/api/auctions/{unwanted['id']}")
    assert cancelled["status"] == "cancelled"


def test_only_chat_is_refused_while_its_store_is_down(
    cluster: Cluster, make_bidders: MakeBidders, anna: Person, room: Frame
) -> None:
    control, amounts, kept = cluster.stack.control, count(2_000, 1_000), set[str]()
    bidders = make_bidders(2, [cluster.gateway])
    with cluster.changed("bridge", CHAT_BACKLOG_MAX="20"), anna.enter() as chatter:

        def answers(type_: str) -> Callable[[], bool]:
            def is_received() -> bool:
                answer = send_chat_message(chatter, room)
                if answer["type"] == "chat.received":
                    kept.add(answer["message_id"])
                elif answer["code"] != "RATE_LIMITED":
                    assert is_each_refused([answer])
                return bool(answer["type"] == type_ and answer.get("code") != "RATE_LIMITED")

            return is_received

        control.stop("mongodb")
        try:
            wait_until(answers("error"), what="chat is refused")
            assert {answer["type"] for answer in bid_from_all(bidders, amounts)} == {"bid.received"}
        finally:
            control.start("mongodb")
        wait_until(answers("chat.received"), what="chat is taken again")
        for bidder in bidders:
            bidder.wait_outcomes()
    path = f"/api/rooms/{room['id']}/messages?limit=100"

    def stored() -> set[str]:
        return {message["message_id"] for message in anna.call("GET", path)["items"]}

    wait_until(lambda: stored() == kept, what="every message that was acknowledged is stored")


@contextmanager
def without_relay(cluster: Cluster, lanes: LaneCluster) -> Iterator[None]:
    """Stop the relay as soon as the bridge has started again, until left."""
    cluster.stack.control.stop(cluster.name("bridge"))
    with lanes.container.engine.connect() as held:
        connection = held.execution_options(isolation_level="AUTOCOMMIT")  # it idles for long
        connection.exec_driver_sql("SELECT pg_advisory_lock(%s)", (RELAY_LOCK,))
        try:
            yield
        finally:
            connection.exec_driver_sql("SELECT pg_advisory_unlock(%s)", (RELAY_LOCK,))


def test_bids_are_refused_while_outcomes_cannot_be_published(
    cluster: Cluster, lanes: LaneCluster, make_bidders: MakeBidders
) -> None:
    amounts = count(2_000, 1_000)
    bidders = make_bidders(4, [cluster.gateway])
    with without_relay(cluster, lanes), cluster.changed("bridge", OUTBOX_BACKLOG_MAX="3"):
        bid_until_refused(bidders, amounts)
    check_accepts_again(lanes, cluster.gateway, bidders, amounts)


def test_bids_are_refused_while_the_broker_stalls(
    cluster: Cluster, lanes: LaneCluster, make_bidders: MakeBidders
) -> None:
    amounts = count(2_000, 1_000)
    bidders = make_bidders(2, [cluster.gateway])
    bid_from_all(bidders, amounts)
    (bidder, *_) = bidders
    socket = bidder.sockets[0]
    with frozen(cluster.stack.control.pid("kafka")):
        bidder.bid(next(amounts), socket)

        def refused() -> bool:
            time.sleep(0.2)
            bidder.bid(next(amounts), socket)
            return bool(socket.frames[-1]["type"] == "error")

        wait_until(refused, what="a bid is refused")
    bidder.answers()
    receipt = bid_until_acknowledged(bidders, amounts)
    for bidder in bidders:
        bidder.recover_outcomes()
        bidder.wait_outcomes()
    check_all(lanes, cluster.gateway, bidders, receipt)


def test_more_bids_are_refused_when_many_wait_for_the_broker(
    cluster: Cluster, lanes: LaneCluster, make_bidders: MakeBidders
) -> None:
    amounts = count(2_000, 1_000)
    bidders = make_bidders(8, [cluster.gateway])
    late = {"name": REFUSED, "topic": AUCTION_BID.name, "cause": "late"}
    before = sample(cluster, **late)
    with frozen(cluster.stack.control.pid("kafka")):
        for _ in range(BURST):
            for bidder in bidders:
                bidder.bid(next(amounts), bidder.sockets[0])

        def refused() -> bool:
            time.sleep(0.2)
            for bidder in bidders:
                bidder.bid(next(amounts), bidder.sockets[0])
            return sample(cluster, **late) > before

        wait_until(refused, what="bids are refused for those that wait")
    for bidder in bidders:
        bidder.answers()
    receipt = bid_until_acknowledged(bidders, amounts)
    for bidder in bidders:
        bidder.recover_outcomes()
        bidder.wait_outcomes()
    check_all(lanes, cluster.gateway, bidders, receipt)


def bid_at_once(bidders: Sequence[Bidder], amounts: Iterator[int]) -> None:
    """A burst of every socket."""
    for _ in range(BURST):
        for bidder in bidders:
            for socket in bidder.sockets:
                bidder.bid(next(amounts), socket)


@contextmanager
def late_workers(cluster: Cluster) -> Iterator[None]:
    """Delay decisions: bids sent inside are decided DECIDED_S after its end."""
    with ExitStack() as stopped:
        for worker in WORKERS:
            stopped.enter_context(frozen(cluster.stack.control.pid(cluster.name(worker))))
        yield
        time.sleep(DECIDED_S)


def test_bids_of_an_auction_that_lags_are_refused_and_no_others(
    cluster: Cluster, lanes: LaneCluster, make_bidders: MakeBidders, seller: Person, anna: Person
) -> None:
    amounts, other = count(2_000, 1_000), create_lot(seller)
    bidders = make_bidders(20, [cluster.gateway, cluster.gateway])  # over both of its processes
    undecided = {"name": REFUSED, "topic": AUCTION_BID.name, "cause": "undecided"}
    before = sample(cluster, **undecided)
    answers: list[Frame] = []

    def refused() -> bool:
        # More of them than may be under way, once outcomes have been late.
        with late_workers(cluster):
            bid_at_once(bidders, amounts)
            answers[:] = [answer for bidder in bidders for answer in bidder.answers()]
            elsewhere = anna_elsewhere.request("bid.place", **bid_on(other, next(amounts)))
            assert elsewhere["type"] == "bid.received", "one slow auction costs others nothing"
        for bidder in bidders:
            bidder.wait_outcomes()  # of every bid that was acknowledged
        return sample(cluster, **undecided) > before

    with anna.enter() as anna_elsewhere:
        wait_until(refused, what="bids are refused")
    assert is_each_refused([answer for answer in answers if answer["type"] == "error"])
    check_accepts_again(lanes, cluster.gateway, bidders, amounts)


def bid_on(lot: Frame, amount: int) -> Frame:
    return {"auction_id": lot["id"], "amount": amount, "key": uuid4().hex, "confirm": True}
