"""Concurrent reads of a key are one read, and its value expires in time."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from app.domain.errors import BusyError
from app.services.read_cache import ReadCache
from tests.waiting import wait_until

TTL_S = 5.0


class Store:
    """Answers the number of the reading; each waits for its release if `is_slow`."""

    def __init__(self) -> None:
        self.now_s, self.reads, self.is_slow = 0.0, 0, False
        self.release = threading.Event()
        self.cache: ReadCache[str, int] = ReadCache(
            size_max=2, ttl_s=TTL_S, wait_s=0.2, clock=lambda: self.now_s
        )

    def get(self, key: str = "a") -> int:
        return self.cache.get(key, self._read)

    def _read(self) -> int:
        self.reads += 1
        number = self.reads
        if self.is_slow:
            self.release.wait()
        return number


@pytest.fixture
def store() -> Store:
    return Store()


def begun(store: Store, pool: ThreadPoolExecutor, call: Callable[[], int]) -> "Future[int]":
    """A slow reading that has begun."""
    store.is_slow, before = True, store.reads
    job = pool.submit(call)
    wait_until(lambda: store.reads > before, what="the reading has begun")
    store.is_slow = False
    return job


def test_a_value_is_kept_until_its_time_is_over(store: Store) -> None:
    assert [store.get(), store.get()] == [1, 1]
    store.now_s = TTL_S - 0.1
    assert store.get() == 1
    store.now_s = TTL_S + 0.1
    assert store.get() == 2


def test_concurrent_requests_of_a_key_share_one_read(store: Store) -> None:
    with ThreadPoolExecutor(3) as pool:
        first = begun(store, pool, store.get)
        others = [pool.submit(store.get) for _ in range(2)]
        store.release.set()
        assert [job.result() for job in (first, *others)] == [1, 1, 1]


def test_a_read_after_a_change_returns_the_new_value(store: Store) -> None:
    with ThreadPoolExecutor(1) as pool:
        before = begun(store, pool, store.get)
        store.cache.forget("a")
        assert store.get() == 2
        store.release.set()
        assert before.result() == 1
    assert store.get() == 2, "nor does it replace what was read after it"
    store.cache.clear()
    assert store.get() == 3


def test_reads_of_a_key_are_spaced_and_shared() -> None:
    now_s, pauses, changes = [0.0], [0.0], ["first"]

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        now_s[0] += seconds
        changes.append("while it rests")
        cache.forget("a")

    cache: ReadCache[str, int] = ReadCache(
        size_max=2, ttl_s=TTL_S, wait_s=0.2, rest_s=0.5, clock=lambda: now_s[0], pause=pause
    )
    assert cache.get("a", lambda: len(changes)) == 1
    cache.forget("a")
    now_s[0] = 0.2
    assert cache.get("a", lambda: len(changes)) == 2, "what changed meanwhile is in it"
    assert pauses[1:] == [pytest.approx(0.3)]
    assert cache.get("b", lambda: 7) == 7, "another key need not wait"
    assert cache.get("a", lambda: len(changes)) == 2
    cache.clear()
    now_s[0] = 2.0
    assert cache.get("a", lambda: len(changes)) == 2
    assert len(pauses) == 2


def test_a_failure_reaches_all_who_wait_and_is_not_kept(store: Store) -> None:
    def fail() -> int:
        store.get("begun")
        store.release.wait()
        raise BusyError("away")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(store.cache.get, "a", fail)
        wait_until(lambda: store.reads > 0, what="the reading has begun")
        other = pool.submit(store.get)
        store.release.set()
        assert isinstance(first.exception(), BusyError)
        assert other.exception() is None or isinstance(other.exception(), BusyError)
    assert store.get() == 2


def test_a_waiting_reader_survives_the_end_of_the_reader(store: Store) -> None:
    def broken_off() -> int:
        store.get("begun")
        store.release.wait()
        raise GeneratorExit

    with ThreadPoolExecutor(2) as pool:
        pool.submit(store.cache.get, "a", broken_off)
        wait_until(lambda: store.reads > 0, what="the reading has begun")
        other = pool.submit(store.cache.get, "a", lambda: 7)
        threading.Timer(0.05, store.release.set).start()
        assert isinstance(other.exception(), BusyError)


def test_waiting_for_another_read_times_out(store: Store) -> None:
    with ThreadPoolExecutor(1) as pool:
        begun(store, pool, store.get)
        with pytest.raises(BusyError):
            store.get()
        store.release.set()


def test_only_so_many_are_kept(store: Store) -> None:
    for key in ("a", "b", "c"):
        store.get(key)
    assert store.get("c") == 3
    assert store.get("a") == 4
