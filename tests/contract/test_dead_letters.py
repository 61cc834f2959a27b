"""The port DeadLetters: each is stored and sent once, and they are counted against their limits."""

import pytest

from lanes.dead_letter import DeadLetter, Parking
from lanes.errors import GoneError
from tests.contract.conftest import Ports
from tests.contract.records import KEY, TOPIC, UndoError, letter

PARKING = Parking("FutureVersion", "why")


def add(ports: Ports, *letters: DeadLetter) -> None:
    with ports.begin() as transaction:
        ports.dead_letters.add(transaction, letters)


def recent(ports: Ports, key: str | None = KEY, within_s: float = 60) -> tuple[int, int]:
    with ports.begin() as transaction:
        return ports.dead_letters.count_recent(
            transaction, topic=TOPIC, key=key, partition=0, within_s=within_s
        )


def park(ports: Ports, *, group: str = "group", partition: int = 0) -> bool:
    with ports.begin() as transaction:
        return ports.dead_letters.park_partition(
            transaction, group=group, topic=TOPIC, partition=partition, parking=PARKING
        )


def parked(ports: Ports, group: str = "group") -> set[tuple[str, int]]:
    with ports.begin() as transaction:
        return ports.dead_letters.parked_partitions(transaction, group=group)


def test_a_dead_letter_is_sent_once(ports: Ports) -> None:
    add(ports, letter(0), letter(1, raw_key=None))
    add(ports, letter(1), letter(0, message="again", partition=1))
    assert ports.queued_dead_letters() == [("things.DLT", offset) for offset in (0, 1, 0)]
    assert ports.outbox() == []


def test_a_failed_transaction_stores_no_dead_letter(ports: Ports) -> None:
    def fail() -> None:
        with ports.begin() as transaction:
            ports.dead_letters.add(transaction, [letter(0)])
            raise UndoError

    with pytest.raises(UndoError):
        fail()
    assert (ports.queued_dead_letters(), recent(ports)) == ([], (0, 0))


def test_recent_ones_are_counted_by_lane_and_partition(ports: Ports) -> None:
    add(ports, letter(0), letter(1, raw_key=b"b"), letter(2, raw_key=None))
    add(ports, letter(0, partition=1), letter(0, topic="others"))
    assert recent(ports) == (2, 3)
    assert recent(ports, "b") == (1, 3)
    assert recent(ports, None) == (0, 3)
    assert recent(ports, "c") == (0, 3)
    assert recent(ports, within_s=0) == (0, 0)


def test_dead_letters_of_lost_auctions_do_not_count(ports: Ports) -> None:
    add(ports, letter(0, error_class=GoneError.__name__))
    assert recent(ports) == (0, 0)


def test_a_partition_is_parked_once_by_group(ports: Ports) -> None:
    assert park(ports)
    assert not park(ports)
    assert park(ports, partition=1)
    assert park(ports, group="others")
    assert parked(ports) == {(TOPIC, 0), (TOPIC, 1)}
    assert parked(ports, "nobody") == set()


def test_parked_partitions_are_listed_and_unparked(ports: Ports) -> None:
    park(ports)
    (listed,) = ports.parked.partitions(9)
    assert (listed.group, listed.topic, listed.partition) == ("group", TOPIC, 0)
    assert (listed.reason, listed.message) == (PARKING.reason, PARKING.message)
    assert ports.parked.unpark_partition("group", TOPIC, 0)
    assert not ports.parked.unpark_partition("group", TOPIC, 0)
    assert parked(ports) == set()
