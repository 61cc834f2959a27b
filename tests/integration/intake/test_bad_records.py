"""Bad records become dead letters with their original bytes, and delay no other."""

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from kafka import KafkaProducer

from app.domain.time import rfc3339
from lanes.kafka.security import client_arguments
from lanes.time import from_epoch_ms
from tests.platform.cluster import ListsCluster
from tests.waiting import CALL_S, wait_until

MIB = 1024 * 1024
PER_PARTITION = 5


def item(cluster: ListsCluster, number: int, text: str = "t") -> bytes:
    name = cluster.list_name(number)
    return json.dumps({"v": 1, "name": name, "id": f"{number}", "text": text}).encode()


def letters(cluster: ListsCluster) -> list[Any]:
    return cluster.rows(
        'SELECT * FROM dead_letters WHERE topic = %s ORDER BY partition, "offset"', cluster.topic
    )


@pytest.fixture
def wide(cluster: ListsCluster) -> Iterator[KafkaProducer]:
    """A producer that sends invalid records."""
    producer = KafkaProducer(
        **client_arguments(cluster.settings.kafka),
        compression_type="gzip",
        max_request_size=3 * MIB,
        enable_idempotence=False,
    )
    yield producer
    producer.close(timeout=1)


def test_bad_records_reach_the_dead_letter_topic_unchanged(
    cluster: ListsCluster, wide: KafkaProducer
) -> None:
    key = cluster.list_name(0).encode()
    # The size limit of a topic; the headers of a dead letter exceed it.
    large = random.randbytes(MIB - 300)
    sent: dict[str, list[tuple[bytes | None, bytes | None]]] = {
        "NoKey": [(None, item(cluster, 0)), (b"", item(cluster, 0))],
        "BadUtf8": [(key, b'"\xff"'), (b"\xfe", item(cluster, 0)), (key, b"\0")],
        "TooLarge": [(key, large), (large, item(cluster, 0)), (key, b"x" * MIB)],
        "KeyMismatch": [(key, item(cluster, 1))],
        "Undecodable": [(key, b"{"), (key, None), (key, b'{"x":' + b"[" * 60_000)],
    }
    expected = set()
    for reason, records in sent.items():
        for number, (bad_key, value) in enumerate(records):
            count = [("replay_count", str(number).encode()), ("other", b"\xff")]
            wide.send(cluster.topic, key=bad_key, value=value, partition=0, headers=count)
            expected.add((reason, bad_key, value or b"", str(number)))
    wide.send(cluster.topic, key=key, value=item(cluster, 0, "after"), partition=0)
    wide.flush()
    cluster.bridge("ingest", "relay", "clock")
    cluster.worker()
    wait_until(lambda: len(cluster.dead_letter_log()) == len(expected), what="all are dead letters")

    dead_records: list[tuple[Any, dict[str, str]]] = [
        (record, {name: text.decode(errors="replace") for name, text in record.headers})
        for record in cluster.dead_letter_log()
    ]
    assert {
        (headers["reason"], record.key, record.value, headers["replay_count"])
        for record, headers in dead_records
    } == expected
    original = {record.offset: record for record in cluster.log()}
    for record, headers in dead_records:
        was = original[int(headers["original_offset"])]
        assert (record.key, record.value, record.partition) == (was.key, was.value or b"", 0)
        assert headers["original_log_time"] == rfc3339(from_epoch_ms(was.timestamp))
        assert headers["consumer_group"] == f"{cluster.topic}-group"
        assert headers["attempts"] == "1"
        assert ("other", b"\xff") in record.headers
    wait_until(
        lambda: [text for _, _, text in cluster.settled().get(key.decode(), ())] == ["after"],
        what="the good record after them is settled",
    )


def test_a_replay_is_counted_on_its_way_through_the_inbox(cluster: ListsCluster) -> None:
    key = cluster.list_name(0).encode()
    cluster.put(key, item(cluster, 0), headers=[("replay_count", b"2")])
    cluster.put(key, item(cluster, 0), headers=[("replay_count", b"nonsense")])
    cluster.producer.flush()
    cluster.bridge("ingest")
    found = 'SELECT replays FROM inbox WHERE topic = %s ORDER BY "offset"'
    wait_until(lambda: len(cluster.rows(found, cluster.topic)) == 2, what="both are taken")
    assert [row.replays for row in cluster.rows(found, cluster.topic)] == [2, 0]


def test_too_many_bad_records_park_the_partition_until_unparked(
    cluster: ListsCluster,
) -> None:
    changes = {
        "DEAD_LETTERS_PER_PARTITION_MAX": str(PER_PARTITION),
        "DEAD_LETTER_WINDOW_S": "1",
    }
    for _ in range(PER_PARTITION + 1):
        cluster.put(b"any", b"{", partition=0)
    cluster.put(cluster.list_name(0).encode(), item(cluster, 0), partition=0)
    cluster.producer.flush()
    owner = cluster.bridge("ingest", **changes)  # they are polled at once, within the window
    owner.wait_log_event("parked")
    parked = cluster.rows("SELECT * FROM parked_partitions WHERE topic = %s", cluster.topic)
    assert [(row.partition, row.reason) for row in parked] == [(0, "TooManyDeadLetters")]
    stopped_at = cluster.progress()[0]
    # How many came before depends on how they were polled: a window is a second here.
    assert stopped_at == len(letters(cluster)) >= PER_PARTITION
    cluster.put(cluster.list_name(1).encode(), item(cluster, 1), partition=1).get(timeout=CALL_S)
    wait_until(lambda: cluster.progress()[1] == 1, what="another partition goes on")
    assert cluster.progress()[0] == stopped_at
    wait_until(lambda: 0 in cluster.committed(), what="Kafka is told where progress is")
    assert cluster.committed()[0] <= stopped_at

    def goes_on() -> bool:
        """A partition unparked within the window is parked again."""
        cluster.execute("DELETE FROM parked_partitions WHERE topic = %s", (cluster.topic,))
        return cluster.progress()[0] == cluster.ends()[0]

    wait_until(goes_on, what="it goes on")
    assert len(letters(cluster)) == PER_PARTITION + 1
    waiting = cluster.rows("SELECT partition FROM inbox WHERE topic = %s", cluster.topic)
    assert sorted(row.partition for row in waiting) == [0, 1]


def test_a_new_owner_skips_parked_partitions(cluster: ListsCluster) -> None:
    parked = "INSERT INTO parked_partitions VALUES (%s, %s, 0, 'Person', 'for a test')"
    cluster.execute(parked, (f"{cluster.topic}-group", cluster.topic))
    for partition in range(cluster.partitions):
        cluster.put(cluster.list_name(0).encode(), item(cluster, 0), partition=partition)
    cluster.producer.flush()
    cluster.bridge("ingest")
    wait_until(lambda: cluster.progress() == {0: 0, 1: 1, 2: 1}, what="the others are taken")
    cluster.execute("DELETE FROM parked_partitions WHERE topic = %s", (cluster.topic,))
    wait_until(lambda: cluster.progress() == {0: 1, 1: 1, 2: 1}, what="it is taken once freed")
