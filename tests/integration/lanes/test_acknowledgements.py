"""Relay and clock do not wait for Kafka within a step: what is not acknowledged in it, a later one
looks after."""

import time
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from kafka.errors import KafkaTimeoutError
from kafka.future import Future
from msgspec.structs import replace
from sqlalchemy import Engine

from app.services.due import DueRecords
from app.settings import read_settings
from bridge.pipelines.clock import Clock
from lanes.migrations import upgrade
from lanes.pipelines.leader_elected import LeaderElected, LeaderElectedProducer
from lanes.pipelines.relay import Relay
from lanes.postgres.engine import make_engine
from lanes.postgres.lanes import send
from lanes.postgres.schema_name import SCHEMA
from lanes.record import OutboxMessage
from lanes.settings import LaneLimits
from lanes.wake import Lane
from tests.integration.database import own_database
from tests.waiting import wait_until

MESSAGE = OutboxMessage("auction-bid", "1", "{}")


class Acknowledgement(Future):  # type: ignore[misc]  # kafka-python has no types
    """Of one record."""

    def get(self, timeout: float) -> None:
        if not self.is_done:
            time.sleep(timeout)
            raise KafkaTimeoutError
        if self.exception is not None:
            raise self.exception


class Producer:
    """Takes records, and acknowledges them when a test says so."""

    def __init__(self) -> None:
        self.acknowledgements: list[Acknowledgement] = []

    def send(self, *_: Any, **__: Any) -> Acknowledgement:
        self.acknowledgements.append(Acknowledgement())
        return self.acknowledgements[-1]

    def flush(self, timeout: float) -> None:
        for one in self.acknowledgements:
            one.get(timeout)

    def acknowledge(self) -> None:
        for one in self.acknowledgements:
            if not one.is_done:
                one.success(None)

    def close(self, timeout: float) -> None: ...


class Due(DueRecords):
    """One auction is due, for ever."""

    def __init__(self) -> None: ...

    def due(self) -> list[OutboxMessage]:
        return [MESSAGE]

    def seconds_to_next(self) -> float:
        return -1.0


class NoWorkers:
    """Wakes nobody."""

    def wake(self, lanes: Iterable[Lane]) -> None: ...

    def enqueue(self, lanes: Iterable[Lane]) -> None: ...

    def wake_later(self, lanes: Iterable[Lane]) -> None: ...

    def wake_after(self, lanes: Iterable[Lane], after_s: float) -> None: ...

    def clear_flags(self, lanes: Iterable[Lane]) -> None: ...

    def waiting(self, *, at_most: int) -> int:
        return 0


@pytest.fixture(scope="module")
def environment(stack: object) -> Iterator[dict[str, str]]:
    with own_database("acknowledgements") as environment:
        yield environment


@pytest.fixture(scope="module")
def engine(environment: dict[str, str]) -> Iterator[Engine]:
    engine = make_engine(environment["DATABASE_URL"], application="tests", connections=3)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {SCHEMA}")
        upgrade(connection, schema=SCHEMA)
    yield engine
    engine.dispose()


@pytest.fixture
def producer() -> Producer:
    return Producer()


def opened(pipeline: LeaderElectedProducer, producer: Producer) -> Iterator[Any]:
    pipeline._producer = producer
    LeaderElected.open(pipeline)
    yield pipeline
    pipeline.close()


@pytest.fixture
def relay(engine: Engine, environment: dict[str, str], producer: Producer) -> Iterator[Relay]:
    kafka = read_settings(environment).kafka
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM lanes.outbox")
        send(connection, [MESSAGE])
    yield from opened(Relay(kafka=kafka, engine=engine, limits=LaneLimits()), producer)


@pytest.fixture
def clock(engine: Engine, environment: dict[str, str], producer: Producer) -> Iterator[Clock]:
    settings = read_settings(environment)
    made = Clock(Due(), settings=settings, engine=engine, waker=NoWorkers())
    yield from opened(made, producer)


def be_impatient(pipeline: LeaderElectedProducer) -> None:
    """Take every acknowledgement that has not come for one that does not come."""
    pipeline._kafka = replace(pipeline._kafka, produce_timeout_s=0.0)


def unsent(engine: Engine) -> int:
    with engine.begin() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM lanes.outbox").scalar_one())


def test_the_relay_sends_once_and_deletes_what_is_acknowledged(
    relay: Relay, engine: Engine, producer: Producer
) -> None:
    for _ in range(2):
        relay.step()
        assert len(producer.acknowledgements) == unsent(engine) == 1
    producer.acknowledge()
    relay.step()
    assert len(producer.acknowledgements) == 1
    assert unsent(engine) == 0


def test_a_relay_whose_messages_are_not_acknowledged_begins_anew(
    relay: Relay, engine: Engine
) -> None:
    be_impatient(relay)
    with pytest.raises(ConnectionError):
        relay.step()
    assert unsent(engine) == 1


def test_the_clock_asks_again_only_after_an_acknowledgement(
    clock: Clock, producer: Producer
) -> None:
    for _ in range(8):  # longer than until it would
        clock.step()
    assert len(producer.acknowledgements) == 1
    producer.acknowledge()

    def asks_again() -> bool:
        clock.step()
        return len(producer.acknowledgements) == 2

    wait_until(asks_again, what="the clock asks again")


def test_a_clock_whose_records_are_refused_begins_anew(clock: Clock, producer: Producer) -> None:
    clock.step()
    producer.acknowledgements[0].failure(KafkaTimeoutError())
    with pytest.raises(KafkaTimeoutError):
        clock.step()


def test_a_clock_whose_records_are_not_acknowledged_begins_anew(clock: Clock) -> None:
    clock.step()
    be_impatient(clock)
    with pytest.raises(KafkaTimeoutError):
        clock.step()
