"""When the queue of unacknowledged records is full, late or stalled."""

import sys

from app.adapters.kafka.unacknowledged import CROWD, LATE_S, Unacknowledged


def ignore(_: object) -> None:
    """Get the fate of a record."""


def test_the_queue_is_full_by_its_waiting_bytes() -> None:
    waiting = Unacknowledged(100, stall_s=2.0)
    record = waiting.add(60, 0.0, ignore)
    assert waiting.is_full(41)
    assert not waiting.is_full(40)
    waiting.acknowledge(record, 0.1)
    assert not waiting.is_full(100)
    assert not waiting


def test_the_queue_is_stalled_without_acknowledgements() -> None:
    waiting = Unacknowledged(100, stall_s=2.0)
    assert not waiting.is_stalled(50.0), "nothing waits"
    waiting.add(1, 50.0, ignore)
    second = waiting.add(1, 51.0, ignore)
    assert not waiting.is_stalled(52.0)
    assert waiting.is_stalled(52.1)
    waiting.acknowledge(second, 52.2)
    assert not waiting.is_stalled(54.0), "it is slow, but it answers"


def test_after_a_stall_one_record_at_a_time_is_tried() -> None:
    waiting = Unacknowledged(100, stall_s=2.0)
    waiting.give_up(waiting.add(1, 0.0, ignore))
    assert not waiting.is_stalled(4.0), "the first may try"
    second = waiting.add(1, 4.0, ignore)
    assert waiting.is_stalled(4.0), "the others wait for it"
    waiting.acknowledge(second, 5.0)
    waiting.add(1, 5.0, ignore)
    assert not waiting.is_stalled(5.1)


def test_the_queue_is_late_while_the_oldest_of_many_waits() -> None:
    waiting = Unacknowledged(1_000, stall_s=2.0)
    assert not waiting.is_late(0.0), "nothing waits"
    oldest, *others = [
        waiting.add(1, 0.0, ignore),
        *(waiting.add(1, 0.1, ignore) for _ in range(CROWD)),
    ]
    waiting.acknowledge(others.pop(), 0.2)
    assert not waiting.is_late(LATE_S)
    assert waiting.is_late(LATE_S + 0.05), "one partition answers, the other does not"
    waiting.acknowledge(oldest, LATE_S + 0.05)
    waiting.add(1, LATE_S + 0.05, ignore)
    assert not waiting.is_late(LATE_S + 0.05), "the next one has not waited as long"
    assert waiting.is_late(LATE_S + 0.15)
    waiting.give_up(others.pop())
    assert not waiting.is_late(9.0), "a few may wait"


def test_an_answered_record_is_not_referenced() -> None:
    waiting = Unacknowledged(1_000, stall_s=2.0)
    record = waiting.add(1, 0.0, ignore)
    while_it_waits = sys.getrefcount(record)
    waiting.acknowledge(record, 0.1)
    assert sys.getrefcount(record) < while_it_waits
