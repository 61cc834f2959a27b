"""When the log takes no more: full, or silent for too long."""

from app.adapters.kafka.unacknowledged import Unacknowledged


def test_it_is_full_by_the_bytes_that_wait() -> None:
    waiting = Unacknowledged(100, stall_s=2.0)
    waiting.add(60, 0.0)
    assert waiting.is_full(41)
    assert not waiting.is_full(40)
    waiting.acknowledge(60, 0.1)
    assert not waiting.is_full(100)
    assert not waiting


def test_it_is_stalled_when_something_waits_and_nothing_is_acknowledged() -> None:
    waiting = Unacknowledged(100, stall_s=2.0)
    assert not waiting.is_stalled(50.0), "nothing waits"
    waiting.add(1, 50.0)
    waiting.add(1, 51.0)
    assert not waiting.is_stalled(52.0)
    assert waiting.is_stalled(52.1)
    waiting.acknowledge(1, 52.2)
    assert not waiting.is_stalled(54.0), "it is slow, but it answers"


def test_after_a_stall_one_at_a_time_is_let_through_until_one_is_acknowledged() -> None:
    waiting = Unacknowledged(100, stall_s=2.0)
    waiting.add(1, 0.0)
    waiting.give_up(1)
    assert not waiting.is_stalled(4.0), "the first may try"
    waiting.add(1, 4.0)
    assert waiting.is_stalled(4.0), "the others wait for it"
    waiting.acknowledge(1, 5.0)
    waiting.add(1, 5.0)
    assert not waiting.is_stalled(5.1)
