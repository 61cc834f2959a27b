"""The order in which waiting threads get a connection."""

from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from sqlalchemy.util.queue import Empty, Full

from app.adapters.postgres.fair_queue import FairQueue
from tests.waiting import wait_until


def get_in_thread(queue: FairQueue[str], pool: ThreadPoolExecutor) -> "Future[str]":
    """A question for an item that already waits."""
    before = len(queue._waiters)
    future = pool.submit(queue.get, timeout=60.0)
    wait_until(lambda: len(queue._waiters) > before, what="the question")
    return future


def test_a_waiting_getter_is_served_before_a_new_one() -> None:
    queue: FairQueue[str] = FairQueue(1, use_lifo=True)
    with ThreadPoolExecutor() as pool:
        first, second = get_in_thread(queue, pool), get_in_thread(queue, pool)
        queue.put("a", block=False)
        with pytest.raises(Empty):
            queue.get(block=False)
        assert first.result() == "a"
        queue.put("b", block=False)
        assert second.result() == "b"


def test_the_newest_item_is_returned_first() -> None:
    queue: FairQueue[str] = FairQueue(2, use_lifo=True)
    queue.put("a", block=False)
    queue.put("b", block=False)
    with pytest.raises(Full):
        queue.put("c", block=False)
    assert [queue.get(), queue.get()] == ["b", "a"]


def test_a_getter_that_timed_out_takes_no_item() -> None:
    queue: FairQueue[str] = FairQueue(1)
    with pytest.raises(Empty):
        queue.get(block=True, timeout=0.01)
    queue.put("a", block=False)
    assert queue.get(block=False) == "a"
