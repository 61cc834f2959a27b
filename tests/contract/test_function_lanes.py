"""The handler of a function: a version of each lane, kept by the platform."""

from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from lanes.codec import Codec, Message, Record
from lanes.errors import BadRecordError, VersionConflictError
from lanes.handler import LaneHandler
from lanes.postgres.functions import FunctionLane
from lanes.record import OutboxMessage, RecordsByKey
from lanes.testing.functions import MemoryFunctionLane
from tests.contract.conftest import MemoryStorePorts, Ports
from tests.contract.records import TOPIC, record

LANES = {"a": [record(0, payload="[1]"), record(1, payload="[2]")], "b": [record(2, key="b")]}
ONE: RecordsByKey = {"a": [record(3, payload="[3]")]}


def first_of_each(_: object, key: str, records: Sequence[Record]) -> Iterable[Message] | None:
    """A function that sends the numbers it gets."""
    return [Message("events", key, [one.value for one in records])] if key == "a" else None


def handler_of(ports: Ports, value_type: object = Any) -> LaneHandler[Any, Any]:
    codec = Codec(value_type)
    if isinstance(ports, MemoryStorePorts):
        return MemoryFunctionLane(TOPIC, first_of_each, codec)
    return FunctionLane(TOPIC, first_of_each, codec)


def settle(ports: Ports, lanes: RecordsByKey) -> list[Sequence[OutboxMessage]]:
    handler = handler_of(ports)
    with ports.begin() as transaction:
        state = handler.load(transaction, lanes)
        return [one.messages for one in handler.settle(transaction, state, lanes)]


def test_each_lane_has_a_settlement_in_the_order_given(ports: Ports) -> None:
    assert settle(ports, LANES) == [[OutboxMessage("events", "a", "[[1],[2]]")], []]
    assert settle(ports, ONE) == [[OutboxMessage("events", "a", "[[3]]")]]


def test_a_lane_whose_version_has_risen_conflicts(ports: Ports) -> None:
    settle(ports, ONE)
    handler = handler_of(ports)

    def late() -> None:
        with ports.begin() as transaction:
            state = handler.load(transaction, ONE)
            with ports.begin() as other:
                handler.fail(other, "a", ONE["a"])
            handler.settle(transaction, state, ONE)

    with pytest.raises(VersionConflictError):
        late()


def test_no_dead_letter_counts_as_settled(ports: Ports) -> None:
    with ports.begin() as transaction:
        assert handler_of(ports).settled(transaction, [b"1", b"2"]) == [False, False]


def test_a_value_of_another_type_raises_bad_record(ports: Ports) -> None:
    handler = handler_of(ports, int)
    with ports.begin() as transaction:
        state = handler.load(transaction, ONE)
        with pytest.raises(BadRecordError):
            handler.settle(transaction, state, ONE)
