"""Calls of an address are counted locally, and sent to Redis in groups."""

from app.web.limiting import Batches


def test_calls_of_an_address_are_sent_in_groups() -> None:
    batches = Batches(size=3)
    assert [batches.add("a") for _ in range(7)] == [0, 0, 3, 0, 0, 3, 0]
    assert [batches.add("b") for _ in range(3)] == [0, 0, 3]
    assert [batches.add("a") for _ in range(2)] == [0, 3]


def test_single_calls_are_sent_at_once() -> None:
    batches = Batches(size=1)
    assert [batches.add("a") for _ in range(3)] == [1, 1, 1]
