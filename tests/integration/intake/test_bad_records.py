"""Bad records in the log: dead letters with the original bytes, and nobody is held up."""

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from kafka import KafkaProducer

from app.adapters.kafka.security import client_arguments
from app.domain.time import from_epoch_ms, rfc3339
from tests.platform.world import World
from tests.waiting import CALL_S, wait_until

MIB = 1024 * 1024
PER_PARTITION = 5


def item(world: World, number: int, text: str = "t") -> bytes:
    name = world.list_name(number)
    return json.dumps({"v": 1, "name": name, "id": f"{number}", "text": text}).encode()


def letters(world: World) -> list[Any]:
    return world.rows(
        'SELECT * FROM dead_letters WHERE topic = %s ORDER BY partition, "offset"', world.topic
    )


@pytest.fixture
def wide(world: World) -> Iterator[KafkaProducer]:
    """A producer that sends what ours would not."""
    producer = KafkaProducer(
        **client_arguments(world.settings),
        compression_type="gzip",
        max_request_size=3 * MIB,
        enable_idempotence=False,
    )
    yield producer
    producer.close(timeout=1)


def test_each_kind_of_bad_record_reaches_the_dead_letter_topic_as_it_was(
    world: World, wide: KafkaProducer
) -> None:
    key = world.list_name(0).encode()
    # Just what a topic takes; with its provenance it is more.
    large = random.randbytes(MIB - 300)
    sent: dict[str, list[tuple[bytes | None, bytes | None]]] = {
        "NoKey": [(None, item(world, 0)), (b"", item(world, 0))],
        "BadUtf8": [(key, b'"\xff"'), (b"\xfe", item(world, 0)), (key, b"\0")],
        "TooLarge": [(key, large), (large, item(world, 0)), (key, b"x" * MIB)],
        "KeyMismatch": [(key, item(world, 1))],
        "Undecodable": [(key, b"{"), (key, None), (key, b'{"x":' + b"[" * 60_000)],
    }
    expected = set()
    for reason, records in sent.items():
        for number, (bad_key, value) in enumerate(records):
            count = [("replay_count", str(number).encode()), ("other", b"\xff")]
            wide.send(world.topic, key=bad_key, value=value, partition=0, headers=count)
            expected.add((reason, bad_key, value or b"", str(number)))
    wide.send(world.topic, key=key, value=item(world, 0, "after"), partition=0)
    wide.flush()
    world.bridge("ingest", "relay", "clock")
    world.worker()
    wait_until(lambda: len(world.dead_log()) == len(expected), what="all are dead letters")

    said: list[tuple[Any, dict[str, str]]] = [
        (record, {name: text.decode() for name, text in record.headers})
        for record in world.dead_log()
    ]
    assert {
        (headers["reason"], record.key, record.value, headers["replay_count"])
        for record, headers in said
    } == expected
    original = {record.offset: record for record in world.log()}
    for record, headers in said:
        was = original[int(headers["original_offset"])]
        assert (record.key, record.value, record.partition) == (was.key, was.value or b"", 0)
        assert headers["original_log_time"] == rfc3339(from_epoch_ms(was.timestamp))
        assert headers["consumer_group"] == f"{world.topic}-group"
        assert headers["attempts"] == "1"
    wait_until(
        lambda: [text for _, _, text in world.settled().get(key.decode(), ())] == ["after"],
        what="the good record after them is settled",
    )


def test_a_replay_is_counted_on_its_way_through_the_inbox(world: World) -> None:
    key = world.list_name(0).encode()
    world.put(key, item(world, 0), headers=[("replay_count", b"2")])
    world.put(key, item(world, 0), headers=[("replay_count", b"nonsense")])
    world.producer.flush()
    world.bridge("ingest")
    found = 'SELECT replays FROM inbox WHERE topic = %s ORDER BY "offset"'
    wait_until(lambda: len(world.rows(found, world.topic)) == 2, what="both are taken")
    assert [row.replays for row in world.rows(found, world.topic)] == [2, 0]


def test_too_many_bad_records_park_their_partition_until_a_person_frees_it(world: World) -> None:
    changes = {
        "DEAD_LETTERS_PER_PARTITION_MAX": str(PER_PARTITION),
        "DEAD_LETTER_WINDOW_S": "1",
    }
    for _ in range(PER_PARTITION + 1):
        world.put(b"any", b"{", partition=0)
    world.put(world.list_name(0).encode(), item(world, 0), partition=0)
    world.producer.flush()
    owner = world.bridge("ingest", **changes)  # they are polled at once, within the window
    owner.wait_said("parked")
    parked = world.rows("SELECT * FROM parked_partitions WHERE topic = %s", world.topic)
    assert [(row.partition, row.reason) for row in parked] == [(0, "TooManyDeadLetters")]
    stopped_at = world.progress()[0]
    # How many came before depends on how they were polled: a window is a second here.
    assert stopped_at == len(letters(world)) >= PER_PARTITION
    world.put(world.list_name(1).encode(), item(world, 1), partition=1).get(timeout=CALL_S)
    wait_until(lambda: world.progress()[1] == 1, what="another partition goes on")
    assert world.progress()[0] == stopped_at
    wait_until(lambda: 0 in world.committed(), what="Kafka is told where progress is")
    assert world.committed()[0] <= stopped_at

    def goes_on() -> bool:
        """Whoever frees it within the window sees it park again."""
        world.execute("DELETE FROM parked_partitions WHERE topic = %s", (world.topic,))
        return world.progress()[0] == world.ends()[0]

    wait_until(goes_on, what="it goes on")
    assert len(letters(world)) == PER_PARTITION + 1
    waiting = world.rows("SELECT partition FROM inbox WHERE topic = %s", world.topic)
    assert sorted(row.partition for row in waiting) == [0, 1]


def test_a_new_owner_heeds_what_is_parked(world: World) -> None:
    parked = "INSERT INTO parked_partitions VALUES (%s, %s, 0, 'Person', 'for a test')"
    world.execute(parked, (f"{world.topic}-group", world.topic))
    for partition in range(world.partitions):
        world.put(world.list_name(0).encode(), item(world, 0), partition=partition)
    world.producer.flush()
    world.bridge("ingest")
    wait_until(lambda: world.progress() == {0: 0, 1: 1, 2: 1}, what="the others are taken")
    world.execute("DELETE FROM parked_partitions WHERE topic = %s", (world.topic,))
    wait_until(lambda: world.progress() == {0: 1, 1: 1, 2: 1}, what="it is taken once freed")
