"""Every expression of a dashboard or an alert has a value under load.

A Prometheus of the tests scrapes the application and evaluates the rules of grafana/.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4

from app.protocol.tasks import SEND_MAILS_TASK
from app.protocol.topics import AUCTION_BID
from app.settings import read_settings
from lanes.kafka.connect import make_producer
from stack.boards.alerts import ALERTS
from stack.boards.boards import all_panels
from stack.boards.model import NONE_YET
from stack.boards.query import PrometheusClient
from stack.slowness import Deadline
from tests.e2e.bidders import Bidder
from tests.e2e.cluster import Cluster
from tests.e2e.lots import create_lot
from tests.e2e.people import Gateway, Person
from tests.e2e.reconnecting import ReconnectingBidder, bid_in_background
from tests.integration.database import database_without_tables
from tests.waiting import CALL_S, stretched, wait_until

WINDOW = "10s"  # of rates: several scrapes
SETTLED_IN_S = 120.0
UNKNOWN_LOT = b"999999999"


@dataclass(slots=True)
class Day:
    """Repeated activity: bids, chat and invalid requests."""

    seller: Person
    bidder: Person
    lot_id: int
    room_id: int
    broken: Gateway

    def pass_by(self) -> None:
        """A bid too low, a message, a page, a path that is not there, an error of ours."""
        with self.bidder.enter() as socket:  # each time: a token does not outlive a slow machine
            socket.request("bid.place", auction_id=self.lot_id, amount=1_000, key=uuid4().hex)
            receipt = socket.request(
                "chat.send", room_id=self.room_id, text="hello", key=uuid4().hex
            )
            assert receipt["type"] == "chat.received" or receipt["retry"], receipt
        self.bidder.call("GET", f"/api/auctions/{self.lot_id}")
        assert self.seller.request("GET", "/api/auctions/999999999").status_code == 404
        assert self.broken.http.get(f"/api/auctions/{self.lot_id}").status_code >= 500


@contextmanager
def under_load(cluster: Cluster, seller: Person, anna: Person) -> Iterator[Day]:
    """Four users bid all the time; one auction has closed, and one record is a dead letter."""
    gateway, lot_id = cluster.gateway, create_lot(seller)["id"]
    short = create_lot(seller, lasts_s=stretched(6))
    room = anna.call("POST", "/api/rooms", {"type": "auction", "auction_id": lot_id})
    anna.call("POST", f"/api/rooms/{room['id']}/join")
    regulars = [
        ReconnectingBidder(gateway.sign_up("ReconnectingBidder"), lot_id, [gateway])
        for _ in range(3)
    ]
    requester = Bidder(gateway.sign_up("Requester"), lot_id, [])
    with (
        database_without_tables() as tableless,
        cluster.another_gateway("gateway-tableless", DATABASE_URL=tableless) as broken,
    ):
        with bid_in_background(regulars, [requester], [gateway]):
            give_up_a_record(cluster)
            cluster.run_task(SEND_MAILS_TASK)
            yield Day(seller, anna, lot_id, room["id"], broken)
            wait_until(lambda: is_closed(anna, short["id"]), what="the short auction is closed")
        for regular in regulars:
            regular.close()


def is_closed(person: Person, auction_id: int) -> bool:
    return bool(person.call("GET", f"/api/auctions/{auction_id}")["status"] == "closed")


def give_up_a_record(cluster: Cluster) -> None:
    producer = make_producer(read_settings(cluster.stack.environment()).kafka, name="tests")
    producer.send(AUCTION_BID.name, key=UNKNOWN_LOT, value=b"{").get(timeout=CALL_S)
    producer.close()


def measured() -> dict[str, str]:
    """Return expressions by place, without their fallbacks for missing series."""
    found = {
        f"board {board.title}, panel {panel.title}: {query.expression}": query.over(WINDOW)
        for board, panel in all_panels()
        for query in panel.queries
    }
    found |= {f"alert {alert.name}: {alert.measured}": alert.measured for alert in ALERTS}
    return {where: expression.replace(NONE_YET, "") for where, expression in found.items()}


def without_figure(prometheus: PrometheusClient, expressions: dict[str, str]) -> dict[str, str]:
    def is_empty(expression: str) -> bool:
        return all(math.isnan(series.value) for series in prometheus.instant(expression))

    return {where: expression for where, expression in expressions.items() if is_empty(expression)}


def firing(prometheus: PrometheusClient, alert: str) -> bool:
    return bool(prometheus.instant(f'ALERTS{{alertname="{alert}",alertstate="firing"}}'))


def test_every_board_and_alert_expression_has_data_under_load(
    cluster: Cluster, prometheus: PrometheusClient, seller: Person, anna: Person
) -> None:
    wait_until(lambda: prometheus.instant("lane_dead_records_total"), what="a first scrape")
    missing_outcomes, deadline = measured(), Deadline(SETTLED_IN_S)
    assert len(missing_outcomes) > 90
    with under_load(cluster, seller, anna) as day:
        while missing_outcomes and not deadline.passed():
            day.pass_by()
            missing_outcomes = without_figure(prometheus, missing_outcomes)
    assert not missing_outcomes, "nothing is given by\n" + "\n".join(missing_outcomes)
    wait_until(lambda: firing(prometheus, "RecordsGivenUp"), what="the dead letter is an alert")
    assert not firing(prometheus, "HouseNotScraped")
    for happened in (
        'auction_decided_bids_total{outcome="accepted"}',
        'auction_decided_bids_total{outcome!="accepted"}',
        "auction_close_seconds_count",
        'http_request_total{status=~"5.."}',
    ):
        (rise,) = prometheus.instant(f"sum(increase({happened}[5m]))")
        assert rise.value > 0, happened
