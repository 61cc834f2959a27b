"""Reads at the same time become one, and each caller gets an answer of its own."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from app.domain.errors import BusyError
from app.services.gathered_reads import GatheredReads
from tests.waiting import CALL_S, wait_until

UNKNOWN, FAILING = 404, 500


class Store:
    """Doubles numbers; the first read lasts until `released`."""

    def __init__(self) -> None:
        self.reads: list[list[int]] = []
        self.released = Event()

    def read(self, keys: Sequence[int]) -> Mapping[int, int]:
        self.reads.append(list(keys))
        if len(self.reads) == 1:
            assert self.released.wait(CALL_S)
        if FAILING in keys:
            raise BusyError("away")
        return {key: 2 * key for key in keys if key != UNKNOWN}


def test_who_comes_during_a_read_shares_the_next() -> None:
    store, crowd = Store(), [1, 2, 3, 3, UNKNOWN]
    gathered = GatheredReads(store.read, keys_max=100)
    with ThreadPoolExecutor(len(crowd) + 1) as threads:
        first = threads.submit(gathered.get, 1)
        wait_until(lambda: store.reads, what="the first read has begun")
        others = [threads.submit(gathered.get, key) for key in crowd]
        wait_until(lambda: _waiting(gathered) == len(set(crowd)), what="all others wait")
        store.released.set()
        assert first.result(CALL_S) == 2
        assert [other.result(CALL_S) for other in others] == [2, 4, 6, 6, None]
    assert [sorted(read) for read in store.reads] == [[1], sorted(set(crowd))]


def test_a_read_has_so_many_keys_at_most() -> None:
    store, crowd = Store(), range(10)
    gathered = GatheredReads(store.read, keys_max=3)
    with ThreadPoolExecutor(len(crowd) + 1) as threads:
        first = threads.submit(gathered.get, 99)
        wait_until(lambda: store.reads, what="the first read has begun")
        others = [threads.submit(gathered.get, key) for key in crowd]
        store.released.set()
        assert first.result(CALL_S) == 198
        assert [other.result(CALL_S) for other in others] == [2 * key for key in crowd]
    assert max(map(len, store.reads)) <= 3
    assert sorted(key for read in store.reads for key in read) == [*crowd, 99]


def test_everyone_in_a_failed_read_gets_its_error() -> None:
    store, crowd = Store(), [7, FAILING]
    gathered = GatheredReads(store.read, keys_max=100)
    with ThreadPoolExecutor(len(crowd) + 1) as threads:
        first = threads.submit(gathered.get, 1)
        wait_until(lambda: store.reads, what="the first read has begun")
        others = [threads.submit(gathered.get, key) for key in crowd]
        wait_until(lambda: _waiting(gathered) == len(crowd), what="all others wait")
        store.released.set()
        assert first.result(CALL_S) == 2
        for other in others:
            with pytest.raises(BusyError):
                other.result(CALL_S)
    assert gathered.get(7) == 14


def test_a_read_whose_thread_ends_is_given_up() -> None:
    def end(keys: Sequence[int]) -> Mapping[int, int]:
        raise KeyboardInterrupt

    gathered = GatheredReads(end, keys_max=100)
    with pytest.raises(KeyboardInterrupt):
        gathered.get(1)
    assert _waiting(gathered) == 0, "another begins a read of its own"


def _waiting(gathered: GatheredReads[int, int]) -> int:
    return len(gathered._next.keys) if gathered._next is not None else 0
