"""Password hashes wait for each other, and other requests do not."""

import os
import threading

import gevent
import pytest

from app.domain.errors import BusyError
from app.web.hashing import NICENESS, HashQueue


def test_a_too_long_wait_is_refused_with_retry_after() -> None:
    queue, release = HashQueue(waiting_max=2), threading.Event()

    def hashed(password: str) -> str:
        release.wait()
        return password.upper()

    waiting = [gevent.spawn(queue, hashed, (word,)) for word in ("one", "two", "three")]
    gevent.idle()
    with pytest.raises(BusyError) as refused:
        queue(hashed, ("four",))
    assert refused.value.retry_after_s > 0
    release.set()
    gevent.joinall(waiting, raise_error=True)
    assert [job.value for job in waiting] == ["ONE", "TWO", "THREE"]
    assert queue(hashed, ("four",)) == "FOUR"


def test_a_failed_hash_frees_its_slot() -> None:
    queue = HashQueue(waiting_max=1)
    for _ in range(3):
        with pytest.raises(ValueError, match="twelve"):
            queue(int, ("twelve",))
    assert queue(int, ("12",)) == 12


def test_hashes_have_the_lowest_priority() -> None:
    own = os.getpriority(os.PRIO_PROCESS, 0)
    queue = HashQueue(waiting_max=1)
    assert queue(lambda _: os.getpriority(os.PRIO_PROCESS, 0), ("",)) == max(own, NICENESS)
    assert os.getpriority(os.PRIO_PROCESS, 0) == own
