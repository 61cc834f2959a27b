"""Save, event and broadcast with records they cannot handle, on topics of each test."""

import random
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from kafka import KafkaAdminClient, KafkaProducer
from kafka.errors import KafkaTimeoutError
from sqlalchemy import Engine

from app.adapters.kafka.rights import create_topics_with_rights
from app.protocol.channels import auction_channel
from app.protocol.records import ChatMessageValue
from app.settings import read_settings
from bridge.pipelines.broadcast import Broadcast
from bridge.pipelines.event import Event
from bridge.pipelines.save import Save
from lanes.kafka.connect import make_producer
from lanes.kafka.consumer_loop import ConsumerLoop
from lanes.kafka.security import client_arguments
from lanes.pipelines.runner import Runner
from lanes.policy import DeadLetterLimit
from lanes.record import RawRecord
from lanes.record_processor import ProcessorPorts, RecordHandler
from lanes.topic import Topic
from tests.containers import Container, build_container
from tests.waiting import wait_until

PER_PARTITION = 3
ROOM = random.randrange(2**40, 2**60)  # used by no other test in the shared store


def message(text: str, **changes: Any) -> bytes:
    value = ChatMessageValue(
        v=1,
        message_id=uuid4(),
        room_id=ROOM,
        sender_id=1,
        sender_nickname="Anna",
        text=text,
        key="k",
        sent_at="2026-11-23T12:00:00.000Z",
    )
    return msgspec.json.encode({**msgspec.to_builtins(value), **changes})


class ConsumerEnvironment:
    """A topic of one partition, and a consumer of it in this process."""

    def __init__(self, container: Container, engine: Engine) -> None:
        self.container, self.engine = container, engine
        self.topic = Topic(f"plain-{uuid4().hex[:12]}", 1)
        create_topics_with_rights(container.settings.kafka, (self.topic,), wait_s=30)
        self.producer: KafkaProducer = make_producer(container.settings.kafka, name="tests")
        self.ports = ProcessorPorts(
            container.begin,
            container.dead_letters,
            DeadLetterLimit(per_lane=1, per_partition=PER_PARTITION, window_s=3_600),
        )

    def put(self, *values: bytes | None) -> None:
        """Put these into the log."""
        wait_until(self._is_topic_known, what="the producer knows the new topic")
        for value in values:
            self.producer.send(self.topic.name, key=b"1", value=value)
        self.producer.flush()

    def letters(self) -> list[tuple[int, str, str]]:
        """Of each dead letter, its offset, group and reason."""
        query = (
            'SELECT "offset", consumer_group, reason FROM dead_letters WHERE topic = %s ORDER BY 1'
        )
        return [tuple(row) for row in self._rows(query)]

    def parked(self) -> list[tuple[str, str]]:
        """Of each parked partition, the group and the reason."""
        query = "SELECT consumer_group, reason FROM parked_partitions WHERE topic = %s"
        return [tuple(row) for row in self._rows(query)]

    def free(self) -> None:
        """What `lanes unpark` does, and the window of the rate is over."""
        with self.engine.begin() as connection:
            for table in ("parked_partitions", "dead_letters"):
                connection.exec_driver_sql(
                    f"DELETE FROM {table} WHERE topic = %s",  # noqa: S608 - our own names
                    (self.topic.name,),
                )

    @contextmanager
    def running(self, handler: RecordHandler[Any]) -> Iterator[Runner]:
        """The consumer, at work as the bridge runs it."""
        kafka = self.container.settings.kafka
        runner = Runner([ConsumerLoop(handler, self.ports, kafka=kafka)])
        thread = threading.Thread(target=runner.run)
        thread.start()
        try:
            yield runner
        finally:
            runner.stop()
            thread.join()

    def close(self) -> None:
        """Delete the topic, and the unrelayed outbox: it would be in other tests' way."""
        self.producer.close(timeout=1)
        with self.engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM outbox")
        admin = KafkaAdminClient(**client_arguments(self.container.settings.kafka))
        admin.delete_topics([self.topic.name], raise_errors=False)
        admin.close()

    def _is_topic_known(self) -> bool:
        try:
            return bool(self.producer.partitions_for(self.topic.name))
        except KafkaTimeoutError:  # it waits for a second
            return False

    def _rows(self, query: str) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.exec_driver_sql(query, (self.topic.name,)))


@pytest.fixture
def consumers(database: tuple[Mapping[str, str], Engine]) -> Iterator[ConsumerEnvironment]:
    """A fresh topic."""
    environment, engine = database
    container = build_container(read_settings(environment), application="tests")
    consumers = ConsumerEnvironment(container, engine)
    yield consumers
    consumers.close()
    container.engine.dispose()


def save(consumers: ConsumerEnvironment) -> Save:
    class OwnSave(Save):
        group = f"save-{consumers.topic.name}"
        topics = (consumers.topic,)

    return OwnSave(consumers.container.messages)


def event(consumers: ConsumerEnvironment) -> Event:
    class OwnEvent(Event):
        group = f"event-{consumers.topic.name}"
        topics = (consumers.topic,)

    return OwnEvent(consumers.container.begin)


def newer_save(consumers: ConsumerEnvironment) -> Save:
    """Code that knows version 2."""

    class NewerSave(type(save(consumers))):  # type: ignore[misc]
        def read(self, raw: RawRecord) -> Any:
            value = msgspec.json.decode(raw.value or b"")
            return super().read(replace(raw, value=msgspec.json.encode({**value, "v": 1})))

    return NewerSave(consumers.container.messages)


def stored(consumers: ConsumerEnvironment, *wanted: str) -> list[str]:
    """Those of the wanted texts that are stored, in the room's order."""
    texts = [one.text for one in consumers.container.messages.after(ROOM, -1, 1_000)]
    return [text for text in texts if text in wanted]


@pytest.mark.parametrize("consumer", [save, event])
def test_an_unreadable_message_is_a_dead_letter(
    consumers: ConsumerEnvironment, consumer: Callable[[ConsumerEnvironment], RecordHandler[Any]]
) -> None:
    consumers.put(b"{", None, b'{"v":1,"x":' + b"[" * 100_000)
    made = consumer(consumers)
    with consumers.running(made):
        wait_until(lambda: len(consumers.letters()) == 3, what="they are dead letters")
    assert consumers.letters() == [(offset, made.group, "Undecodable") for offset in range(3)]


def test_messages_around_a_bad_one_are_saved_once_and_in_order(
    consumers: ConsumerEnvironment,
) -> None:
    first, last = f"first {uuid4()}", f"last {uuid4()}"
    consumers.put(message(first), b"{", message(last))
    with consumers.running(save(consumers)):
        wait_until(lambda: stored(consumers, first, last) == [first, last], what="both are saved")
    with consumers.running(save(consumers)):  # from the committed offset
        consumers.put(message(again := f"again {uuid4()}"))
        wait_until(lambda: bool(stored(consumers, again)), what="it goes on")
    assert stored(consumers, first, last) == [first, last]
    assert len(consumers.letters()) == 1


def test_a_message_the_store_refuses_is_a_dead_letter(
    consumers: ConsumerEnvironment,
) -> None:
    refused, last = f"nul \0 {uuid4()}", f"last {uuid4()}"
    consumers.put(message(refused), message(last))
    with consumers.running(save(consumers)):
        wait_until(lambda: bool(stored(consumers, last)), what="the next is saved")
    # A NUL is beyond FerretDB's PostgreSQL; mongod can keep it.
    outcome = (stored(consumers, refused), [reason for _, _, reason in consumers.letters()])
    assert outcome in (([], ["HandlerError"]), ([refused], []))


def test_a_newer_schema_parks_until_newer_code_runs(
    consumers: ConsumerEnvironment,
) -> None:
    first, last = f"first {uuid4()}", f"last {uuid4()}"
    consumers.put(message(first), message("newer", v=2), message(last))
    old = save(consumers)
    with consumers.running(old):
        wait_until(
            lambda: consumers.parked() == [(old.group, "FutureVersion")], what="it is parked"
        )
        assert stored(consumers, first, last) == [first]
    with consumers.running(newer_save(consumers)):
        consumers.free()
        wait_until(lambda: bool(stored(consumers, last)), what="the rest is saved")
    assert consumers.letters() == []


def test_too_many_dead_letters_park_the_partition(
    consumers: ConsumerEnvironment,
) -> None:
    last = f"last {uuid4()}"
    consumers.put(*[b"{"] * (PER_PARTITION + 1), message(last))
    consumer = save(consumers)
    with consumers.running(consumer):
        wait_until(
            lambda: consumers.parked() == [(consumer.group, "TooManyDeadLetters")],
            what="it is parked",
        )
        assert len(consumers.letters()) == PER_PARTITION
        assert stored(consumers, last) == []
        consumers.free()
        wait_until(lambda: bool(stored(consumers, last)), what="the rest is saved")
    assert [offset for offset, _, _ in consumers.letters()] == [PER_PARTITION]


def test_a_consumer_of_a_deleted_topic_stops_with_a_reason(
    consumers: ConsumerEnvironment,
) -> None:
    with consumers.running(save(consumers)) as runner:
        consumers.put(message(text := f"{uuid4()}"))
        wait_until(lambda: bool(stored(consumers, text)), what="it works")
        assert not runner.failed
        admin = KafkaAdminClient(**client_arguments(consumers.container.settings.kafka))
        admin.delete_topics([consumers.topic.name])
        admin.close()
        wait_until(lambda: runner.failed, what="it stops")


def test_broadcast_publishes_states_and_dead_letters_the_rest(
    consumers: ConsumerEnvironment,
) -> None:
    container, auction_id = consumers.container, random.randrange(2**40, 2**60)

    class OwnBroadcast(Broadcast):
        group = f"broadcast-{consumers.topic.name}"
        topics = (consumers.topic,)

    subscription = container.fanout.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
    subscription.subscribe(auction_channel(auction_id))
    states = [
        f'{{"price":{price},"bid_count":1,"status":"open","ends_at":"2030-01-01T00:00:00Z"}}'
        for price in (1_000, 2_000)
    ]
    published: list[Any] = []

    def are_published() -> bool:
        message = subscription.get_message(timeout=0.1)
        if message is not None:
            published.append(message["data"])
        return published == states

    rest = '"outcomes":[],"refused":[]'
    first, second = (
        f'{{"v":1,"auction_id":{auction_id},"version":1,"state":{state},{rest}}}'.encode()
        for state in states
    )
    consumers.put(first, None, b"{", second)
    with consumers.running(
        OwnBroadcast(
            redis=container.fanout,
            nicknames=container.nicknames,
            room_tail_messages=container.settings.limits.room_tail_messages,
        )
    ):
        wait_until(are_published, what="they are published as they are")
    assert consumers.letters() == [(n, OwnBroadcast.group, "Undecodable") for n in (1, 2)]
    subscription.close()
