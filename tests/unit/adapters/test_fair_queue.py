"""Who gets a connection when there are fewer than askers."""

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


def test_who_waits_is_served_before_who_put_back_and_asks_again() -> None:
    queue: FairQueue[str] = FairQueue(1, use_lifo=True)
    with ThreadPoolExecutor() as pool:
        first, second = get_in_thread(queue, pool), get_in_thread(queue, pool)
        queue.put("a", block=False)
        with pytest.raises(Empty):
            queue.get(block=False)
        assert first.result() == "a"
        queue.put("b", block=False)
        assert second.result() == "b"


def test_items_are_kept_and_the_newest_comes_first() -> None:
    queue: FairQueue[str] = FairQueue(2, use_lifo=True)
    queue.put("a", block=False)
    queue.put("b", block=False)
    with pytest.raises(Full):
        queue.put("c", block=False)
    assert [queue.get(), queue.get()] == ["b", "a"]


def test_who_waited_in_vain_takes_nothing_later() -> None:
    queue: FairQueue[str] = FairQueue(1)
    with pytest.raises(Empty):
        queue.get(block=True, timeout=0.01)
    queue.put("a", block=False)
    assert queue.get(block=False) == "a"
