"""What the gateway's producer adds to Kafka's client: partitions by key, and one line for many."""

from types import SimpleNamespace
from typing import cast

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from kafka.errors import KafkaTimeoutError
from kafka.partitioner import DefaultPartitioner
from kafka.structs import TopicPartition

from app.adapters.kafka.producer import BackgroundProducer
from app.domain.errors import BusyError, UnknownFateError
from app.protocol.topics import AUCTION_BID
from app.services.log import RecordMetadata
from app.settings import Limits, Settings
from lanes.time import from_epoch_ms
from tests.unit.adapters.offline_client import PARTITIONS, OfflineClient, records_of
from tests.waiting import wait_until

PLACES = [TopicPartition(AUCTION_BID.name, number) for number in range(PARTITIONS)]
SETTINGS = cast("Settings", SimpleNamespace(limits=Limits()))


def connected(client: OfflineClient) -> BackgroundProducer:
    producer = BackgroundProducer(SETTINGS, topics=(AUCTION_BID,), name="test")
    producer._make = lambda: client
    assert producer.wait_connected(10.0)
    return producer


def partition_of(client: OfflineClient) -> TopicPartition:
    (partition,) = [place for place in PLACES if client.waiting(place)]
    return partition


@given(st.integers(1, 2**63 - 1))
def test_a_key_gets_the_partition_of_the_client_itself(key: int) -> None:
    client = OfflineClient()
    connected(client).append_soon(AUCTION_BID, key=key, value=b"x", done=lambda _: None)
    cluster = SimpleNamespace(
        topics=lambda: {"t"},
        partitions_for_topic=lambda _: set(range(PARTITIONS)),
        available_partitions_for_topic=lambda _: set(range(PARTITIONS)),
    )
    by_client = DefaultPartitioner()
    text = b"%d" % key
    partition = by_client.partition("t", text, text, b"x", b"x", cluster)
    batch = client.take(TopicPartition(AUCTION_BID.name, partition))
    assert records_of(batch) == [(text, b"x", [])]


def test_an_acknowledged_record_has_its_offset() -> None:
    client = OfflineClient()
    results: list[RecordMetadata | UnknownFateError] = []
    connected(client).append_soon(AUCTION_BID, key=1, value=b"x", done=results.append)
    place = partition_of(client)
    client.take(place).complete(7, 1_000)
    assert results == [RecordMetadata(place.partition, 7, from_epoch_ms(1_000))]


def test_a_record_that_was_not_appended_does_not_wait() -> None:
    client = OfflineClient()
    producer = connected(client)
    client.close_batches()
    with pytest.raises(BusyError):
        producer.append_soon(AUCTION_BID, key=1, value=b"x", done=lambda _: None)
    producer.flush(0.0)
    assert not any(producer._unacknowledged.values())


def test_a_refusal_names_kafka_for_operators_only() -> None:
    client = OfflineClient()
    producer = connected(client)
    client.close_batches()
    with pytest.raises(BusyError, match="Kafka cannot be reached") as refusal:
        producer.append_soon(AUCTION_BID, key=1, value=b"x", done=lambda _: None)
    assert refusal.value.detail == "a server cannot answer"


def test_a_thousand_unknown_records_are_one_log_line() -> None:
    client = OfflineClient()
    results: list[RecordMetadata | UnknownFateError] = []
    producer = connected(client)
    with structlog.testing.capture_logs() as lines:
        for _ in range(1_000):
            producer.append_soon(AUCTION_BID, key=1, value=b"x", done=results.append)
        error = KafkaTimeoutError()
        client.take(partition_of(client)).complete_exceptionally(error, lambda _: error)
        wait_until(lambda: lines, what="they are told of")
    assert [(line["event"], line["records"]) for line in lines] == [("appends_unknown", 1_000)]
    assert [type(result) for result in results] == [UnknownFateError] * 1_000
