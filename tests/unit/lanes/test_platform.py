"""A wrong platform is refused at once, with the name of topic and field."""

from collections.abc import Callable
from typing import Any

import pytest
from celery import Celery
from msgspec import Struct
from redis import Redis
from sqlalchemy import create_engine

from lanes import LaneLimits, LaneTopic, Platform, PlatformError, Topic
from lanes.__main__ import load_platform, main

ENVIRONMENT = {
    "DATABASE_URL": "postgresql://localhost/orders",
    "KAFKA_BOOTSTRAP_SERVERS": "localhost:9092",
    "REDIS_URL": "redis://localhost:6379/0",
}


class Order(Struct):
    number: int


def make(**changes: Any) -> Platform:
    arguments = {"engine": "postgresql://a/b", "kafka": "a:9092", "redis": "redis://a/0"}
    return Platform(**{**arguments, **changes})


def settle(*_: object) -> None:
    """Settles nothing."""


def handled_by(handler: object) -> LaneTopic[Any]:
    topic = Topic("orders", 12)
    return LaneTopic(topic, "orders", "orders", settle, lambda _: None, handler)  # type: ignore[arg-type]


def add_twice(platform: Platform) -> None:
    platform.lane("orders", partitions=12)(settle)
    platform.lane("orders", partitions=12)(settle)


FAULTS: dict[str, Callable[[Platform], object]] = {
    "topic orders: handler: there is one already": add_twice,
    "topic orders: handler: 5 is not callable": lambda p: p.lane("orders", partitions=1)(5),  # type: ignore[arg-type]
    "topic orders: handler: has no load, settle, fail, settled": lambda p: p.add(handled_by(5)),
    "topic orders: partitions: 0 is less than 1": lambda p: p.lane("orders", partitions=0)(settle),
    "topic 'a.DLT': name: ": lambda p: p.lane("a.DLT", partitions=1)(settle),
    "topic orders: value: ": lambda p: p.lane("orders", partitions=1, value=object())(settle),
    "topic orders: on_poison: 'drop' is none of dead_letter, park": lambda p: p.lane(
        "orders",
        partitions=1,
        on_poison="drop",  # type: ignore[arg-type]
    )(settle),
    "topic '': name: ": lambda p: p.publish_to("", partitions=1),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_topic_is_refused_by_name_and_field(fault: str) -> None:
    with pytest.raises(PlatformError, match=r"^topic ") as refused:
        FAULTS[fault](make())
    assert str(refused.value).startswith(fault)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"engine": create_engine("sqlite://")}, "engine: sqlite is not PostgreSQL"),
        ({"engine": "mysql://a/b"}, "engine: mysql is not PostgreSQL"),
        ({"celery": Celery("mine", set_as_current=False)}, "celery: "),
        ({"celery": "amqp://a"}, "celery: the broker is not Redis"),
        ({"redis": Redis()}, "celery: an own Redis does not tell the broker"),
        ({"schema": "my-tables"}, "schema: 'my-tables' is no name: "),
        ({"schema": "pg_mine"}, "schema: "),
        ({"schema": "a" * 41}, "schema: "),
    ],
)
def test_what_cannot_serve_is_refused(changes: dict[str, Any], fault: str) -> None:
    with pytest.raises(PlatformError) as refused:
        make(**changes)
    assert str(refused.value).startswith(fault)


def test_the_environment_is_refused_with_a_line_for_each_fault() -> None:
    environment = {**ENVIRONMENT, "REDIS_URL": "", "KAFKA_MIN_ISR": "two", "LANES_RETRIES_MAX": "x"}
    with pytest.raises(PlatformError) as refused:
        Platform.from_env(environment)
    lines = str(refused.value).splitlines()
    assert [line.split(":")[0].split()[0] for line in lines] == [
        "REDIS_URL", "KAFKA_MIN_ISR", "LANES_RETRIES_MAX",
    ]  # fmt: skip


def test_the_environment_sets_kafka_and_limits() -> None:
    environment = {**ENVIRONMENT, "KAFKA_REPLICATION": "1", "LANES_SETTLE_BATCH_MAX": "7"}
    platform = Platform.from_env(environment)
    assert platform.kafka.replication == 1
    assert platform.kafka.bootstrap_servers == "localhost:9092"
    assert platform.limits.settle_batch_max == 7
    assert platform.schema == "lanes"
    assert Platform.from_env({**environment, "LANES_SCHEMA": "mine"}).schema == "mine"


def test_a_platform_lists_its_required_topics() -> None:
    platform = make()
    platform.lane("orders", partitions=12, value=Order)(settle)
    platform.publish_to("totals", partitions=3)
    found = {topic.name: topic.partitions for topic in platform.kafka_topics}
    assert found == {"orders": 12, "orders.DLT": 12, "totals": 3}


@pytest.mark.parametrize(
    "arguments",
    [
        ["status"],
        ["-A", "no_such_module:x", "status"],
        ["-A", "json:dumps", "status"],
        ["-A", "json:x", "run", "a"],
    ],
)
def test_a_command_without_a_platform_fails_in_one_line(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LANES_APP", raising=False)
    assert main(arguments) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("arguments", [[], ["fly"], ["run"], ["status", "--limit", "0"]])
def test_wrong_arguments_are_refused_in_one_line(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_module_that_fails_is_named() -> None:
    with pytest.raises(PlatformError, match="no_such_module"):
        load_platform("no_such_module:platform")


@pytest.mark.parametrize("on_poison", ["dead_letter", "park"])
def test_a_topic_has_the_policy_that_it_names(on_poison: Any) -> None:
    platform = make()
    platform.lane("orders", partitions=1, on_poison=on_poison)(settle)
    assert platform.topics["orders"].on_poison == on_poison


@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_limits_out_of_range_are_refused(value: float) -> None:
    with pytest.raises(PlatformError, match=f"limits: settle_round_s: {value} is not above 0"):
        LaneLimits(settle_round_s=value)


def test_wrong_environment_limits_are_refused() -> None:
    environment = {**ENVIRONMENT, "LANES_RETRIES_MAX": "-3", "LANES_RELAY_BATCH_MAX": "0"}
    with pytest.raises(PlatformError) as refused:
        Platform.from_env(environment)
    assert sorted(str(refused.value).splitlines()) == [
        "LANES_RELAY_BATCH_MAX: Expected `int` >= 1",
        "LANES_RETRIES_MAX: Expected `int` >= 1",
    ]
