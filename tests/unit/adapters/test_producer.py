"""What the gateway's producer adds to Kafka's client: partitions by key, and one line for many."""

from types import SimpleNamespace
from typing import Any, cast

import structlog
from hypothesis import given
from hypothesis import strategies as st
from kafka.errors import KafkaTimeoutError
from kafka.partitioner import DefaultPartitioner
from kafka.producer.future import RecordMetadata

from app.adapters.kafka.producer import BackgroundProducer
from app.domain.errors import UnknownFateError
from app.domain.time import from_epoch_ms
from app.protocol.topics import AUCTION_BID
from app.services.log import Appended
from app.settings import Limits, Settings
from tests.waiting import wait_until

PARTITIONS = 12
SETTINGS = cast("Settings", SimpleNamespace(limits=Limits()))


class Sent:
    """A future of Kafka's client."""

    def add_callback(self, callback: Any) -> None:
        self.succeed = callback

    def add_errback(self, callback: Any) -> None:
        self.fail = callback


class Client:
    """Stands for Kafka's client."""

    def __init__(self) -> None:
        self.sent: list[tuple[dict[str, Any], Sent]] = []

    def partitions_for(self, _topic: str) -> set[int]:
        return set(range(PARTITIONS))

    def send(self, _topic: str, **record: Any) -> Sent:
        self.sent.append((record, Sent()))
        return self.sent[-1][1]


def connected(client: Client) -> BackgroundProducer:
    producer = BackgroundProducer(SETTINGS, topics=(AUCTION_BID,), name="test")
    producer._make = lambda: client
    assert producer.wait_connected(10.0)
    return producer


@given(st.integers(1, 2**63 - 1))
def test_a_key_goes_where_the_client_itself_would_send_it(key: int) -> None:
    client = Client()
    connected(client).append_soon(AUCTION_BID, key=key, value=b"x", done=lambda _: None)
    cluster = SimpleNamespace(
        topics=lambda: {"t"},
        partitions_for_topic=lambda _: set(range(PARTITIONS)),
        available_partitions_for_topic=lambda _: set(range(PARTITIONS)),
    )
    by_client = DefaultPartitioner()
    (record, _), text = client.sent[0], b"%d" % key
    assert record["key"] == text
    assert record["partition"] == by_client.partition("t", text, text, b"x", b"x", cluster)


def test_what_is_acknowledged_has_its_place_in_the_log() -> None:
    client = Client()
    results: list[Appended | UnknownFateError] = []
    connected(client).append_soon(AUCTION_BID, key=1, value=b"x", done=results.append)
    client.sent[0][1].succeed(RecordMetadata("t", 3, None, 7, 1_000, None, 1, 1, 0))
    assert results == [Appended(3, 7, from_epoch_ms(1_000))]


def test_of_a_thousand_records_of_unknown_fate_each_is_answered_and_one_line_tells() -> None:
    client = Client()
    results: list[Appended | UnknownFateError] = []
    producer = connected(client)
    with structlog.testing.capture_logs() as lines:
        for _ in range(1_000):
            producer.append_soon(AUCTION_BID, key=1, value=b"x", done=results.append)
        for _, sent in client.sent:
            sent.fail(KafkaTimeoutError())
        wait_until(lambda: lines, what="they are told of")
    assert [(line["event"], line["records"]) for line in lines] == [("appends_unknown", 1_000)]
    assert [type(result) for result in results] == [UnknownFateError] * 1_000
