"""The port Lanes: claims, waiting records, and exact removal."""

import pytest

from lanes.dead_letter import Parking
from lanes.errors import VersionConflictError
from lanes.record import InboxRecord
from tests.contract.conftest import Ports
from tests.contract.records import TOPIC, UndoError, insert, message, offsets, record, waiting

PARKING = Parking("TooManyDeadLetters", "why")


def settle(ports: Ports, *records: InboxRecord, messages: int = 0) -> None:
    with ports.begin() as transaction:
        ports.lanes.settle(transaction, records, [message(number) for number in range(messages)])


def count_failure(ports: Ports, *records: InboxRecord) -> None:
    with ports.begin() as transaction:
        ports.lanes.count_failure(transaction, records)


def park(ports: Ports, key: str = "a") -> bool:
    with ports.begin() as transaction:
        return ports.lanes.park(transaction, topic=TOPIC, key=key, parking=PARKING)


def test_claimed_lanes_are_read_each_up_to_the_limit(ports: Ports) -> None:
    insert(ports, record(3), record(1), record(2, key="b"), record(4), record(0, topic="others"))
    with ports.begin() as transaction:
        found = ports.lanes.claim(transaction, topic=TOPIC, keys=["a", "b", "c"], limit=2)
    assert {key: offsets(ones) for key, ones in found.items()} == {"a": [1, 3], "b": [2], "c": []}


def test_a_lane_that_another_has_claimed_is_left_out(ports: Ports) -> None:
    insert(ports, record(0), record(1, key="b"))
    with ports.begin() as first, ports.begin() as second:
        ports.lanes.claim(first, topic=TOPIC, keys=["a"], limit=9)
        found = ports.lanes.claim(second, topic=TOPIC, keys=["a", "b"], limit=9)
        assert list(found) == ["b"]
        again = ports.lanes.claim(first, topic=TOPIC, keys=["a"], limit=9)
        assert offsets(again["a"]) == [0]
    with ports.begin() as third:
        assert len(ports.lanes.claim(third, topic=TOPIC, keys=["a", "b"], limit=9)) == 2


def test_a_claim_ends_with_a_transaction_that_fails(ports: Ports) -> None:
    def fail() -> None:
        with ports.begin() as transaction:
            ports.lanes.claim(transaction, topic=TOPIC, keys=["a"], limit=9)
            raise UndoError

    with pytest.raises(UndoError):
        fail()
    with ports.begin() as transaction:
        assert list(ports.lanes.claim(transaction, topic=TOPIC, keys=["a"], limit=9)) == ["a"]


def test_the_oldest_records_are_read_and_those_that_are_named(ports: Ports) -> None:
    insert(ports, *(record(offset) for offset in (4, 2, 6)))
    assert offsets(waiting(ports, limit=2)) == [2, 4]
    with ports.begin() as transaction:
        named = ports.lanes.read_those(transaction, topic=TOPIC, key="a", offsets=[6, 2, 5])
        none = ports.lanes.read_those(transaction, topic=TOPIC, key="b", offsets=[2])
    assert (offsets(named), none) == ([2, 6], [])


def test_a_settle_removes_its_records_and_queues_its_messages(ports: Ports) -> None:
    insert(ports, record(0), record(1), record(2, key="b"), record(3, partition=1, key="c"))
    settle(ports, record(0), record(2, key="b"), record(3, partition=1, key="c"), messages=2)
    assert (offsets(waiting(ports)), waiting(ports, "b"), waiting(ports, "c")) == ([1], [], [])
    settle(ports, record(1))
    assert ports.outbox() == [message(0), message(1)]


def test_a_settle_of_removed_records_changes_nothing(ports: Ports) -> None:
    insert(ports, record(0), record(1))
    settle(ports, record(0))
    with pytest.raises(VersionConflictError):
        settle(ports, record(0), record(1), messages=1)
    assert offsets(waiting(ports)) == [1]
    assert ports.outbox() == []


def test_the_second_settle_conflicts_even_if_it_read_first(ports: Ports) -> None:
    insert(ports, record(0))

    def second() -> None:
        with ports.begin() as transaction:
            records = ports.lanes.read(transaction, topic=TOPIC, key="a", limit=9)
            settle(ports, record(0))
            ports.lanes.settle(transaction, records, [message(0)])

    with pytest.raises(VersionConflictError):
        second()
    assert ports.outbox() == []


def test_failures_are_counted_since_the_first(ports: Ports) -> None:
    insert(ports, record(0), record(1))
    count_failure(ports, record(0))
    (failed, other) = waiting(ports)
    assert (failed.attempts, other.attempts, other.first_failed_at) == (1, 0, None)
    assert failed.first_failed_at is not None
    count_failure(ports, record(0), record(1), record(9))
    (again, other) = waiting(ports)
    assert (again.attempts, other.attempts) == (2, 1)
    assert again.first_failed_at == failed.first_failed_at


def test_a_parked_lane_is_not_read_until_it_is_unparked(ports: Ports) -> None:
    insert(ports, record(0), record(1, key="b"))
    count_failure(ports, record(0))
    assert park(ports)
    assert not park(ports)
    with ports.begin() as transaction:
        found = ports.lanes.claim(transaction, topic=TOPIC, keys=["a", "b"], limit=9)
        named = ports.lanes.read_those(transaction, topic=TOPIC, key="a", offsets=[0])
    assert {key: offsets(ones) for key, ones in found.items()} == {"a": [], "b": [1]}
    assert (waiting(ports), named) == ([], [])
    assert ports.parked.unpark(TOPIC, "a")
    assert not ports.parked.unpark(TOPIC, "a")
    (unparked,) = waiting(ports)
    assert (unparked.attempts, unparked.first_failed_at) == (0, None)


def test_parked_lanes_are_listed_with_what_waits(ports: Ports) -> None:
    insert(ports, record(0), record(1))
    assert all(park(ports, key) for key in ("a", "b"))
    listed = ports.parked.lanes(9)
    assert [(one.topic, one.key, one.waiting) for one in listed] == [
        (TOPIC, "a", 2),
        (TOPIC, "b", 0),
    ]
    assert {(one.reason, one.message) for one in listed} == {(PARKING.reason, PARKING.message)}
    assert len(ports.parked.lanes(1)) == 1
