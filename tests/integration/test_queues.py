"""Celery's queues without a worker."""

import base64
import json
from collections.abc import Iterator
from itertools import chain

import pytest
from redis import Redis

from app.adapters.tasks.notices import NoticeWaker
from app.protocol.tasks import NOTICE_QUEUE, SETTLE_QUEUE
from app.settings import read_settings
from lanes.tasks.waker import LANES_PER_TASK, CeleryWaker
from lanes.wake import Lane
from tests.containers import Container, build_container
from tests.servers import own_stack, redis_url
from tests.waiting import wait_until

OWN_DATABASE = 9  # of Redis: no worker listens there


@pytest.fixture
def broker() -> Iterator[Redis]:
    """An empty database, like that of a broker without workers."""
    stack = own_stack()
    stack.servers_up()
    with Redis.from_url(redis_url(OWN_DATABASE), decode_responses=True) as redis:
        redis.flushdb()
        yield redis
        redis.flushdb()


@pytest.fixture
def container(broker: Redis) -> Container:
    environment = own_stack().environment(
        REDIS_BROKER_URL=redis_url(OWN_DATABASE), REDIS_FANOUT_URL=redis_url(OWN_DATABASE)
    )
    return build_container(read_settings(environment), application="tests")


@pytest.fixture
def waker(container: Container) -> CeleryWaker:
    return container.waker


@pytest.fixture
def notice_waker(container: Container) -> NoticeWaker:
    return container.notice_waker


def lanes(count: int) -> list[Lane]:
    """So many lanes."""
    return [("auction-bid", str(number)) for number in range(count)]


def tasks(broker: Redis) -> list[list[str]]:
    """The keys of each task that waits."""
    messages = [json.loads(one) for one in broker.lrange(SETTLE_QUEUE, 0, -1)]
    bodies = [json.loads(base64.b64decode(message["body"])) for message in messages]
    return [keys for (_, keys), *_ in bodies]


def test_a_task_wakes_several_lanes_and_each_lane_once(broker: Redis, waker: CeleryWaker) -> None:
    waker.wake(lanes(2 * LANES_PER_TASK + 1))
    sizes = [len(keys) for keys in tasks(broker)]
    assert len(sizes) == 3
    assert max(sizes) - min(sizes) <= 1, "no task has far more than another"
    assert sorted(chain(*tasks(broker))) == sorted(key for _, key in lanes(sum(sizes)))
    waker.wake(lanes(5))
    assert len(tasks(broker)) == 3, "all are woken already"
    waker.clear_flags(lanes(2))
    waker.wake(lanes(5))
    assert sorted(tasks(broker)[0]) == ["0", "1"]


def test_a_lane_is_woken_later_unless_it_is_woken_already(
    broker: Redis, waker: CeleryWaker
) -> None:
    waker.wake_later(lanes(1))
    waker.wake_later(lanes(1))
    waker.wake(lanes(1))
    (message,) = map(json.loads, broker.lrange(SETTLE_QUEUE, 0, -1))
    assert message["headers"]["eta"] is not None


def test_a_deferred_lane_can_be_woken_earlier(broker: Redis, waker: CeleryWaker) -> None:
    waker.wake_after(lanes(1), 3_600)
    waker.clear_flags(lanes(1))
    waker.wake_after(lanes(2), 3_600)
    messages = [json.loads(one) for one in broker.lrange(SETTLE_QUEUE, 0, -1)]
    assert sorted(tasks(broker)) == [["0"], ["1"]]
    assert all(message["headers"]["eta"] for message in messages)
    waker.wake(lanes(1))
    assert len(tasks(broker)) == 3


def test_a_lane_can_be_deferred_again_before_its_task(broker: Redis, waker: CeleryWaker) -> None:
    waker.wake_after(lanes(1), 0.001)
    wait_until(lambda: not broker.keys("wake::*"), what="the flag ends")
    waker.wake_after(lanes(1), 0.001)
    assert len(tasks(broker)) == 2


def test_wake_ups_without_a_worker_stay_bounded(broker: Redis, waker: CeleryWaker) -> None:
    for lane in lanes(30):
        waker.enqueue([lane])
    oldest = broker.lrange(SETTLE_QUEUE, -10, -1)
    assert waker.waiting(at_most=40) == 30
    assert waker.waiting(at_most=10) == 10
    assert broker.lrange(SETTLE_QUEUE, 0, -1) == oldest


def test_tasks_of_other_queues_stay_bounded(
    broker: Redis, waker: CeleryWaker, notice_waker: NoticeWaker
) -> None:
    for _ in range(5):
        notice_waker.publish_soon()
        notice_waker.clear_flag()  # as if a worker had begun
    assert broker.llen(NOTICE_QUEUE) == 5
    assert waker.waiting(at_most=3) == 0
    assert broker.llen(NOTICE_QUEUE) == 3


def test_one_task_publishes_the_notices_of_many_settles(
    broker: Redis, notice_waker: NoticeWaker
) -> None:
    for _ in range(3):
        notice_waker.publish_soon()
    assert broker.llen(NOTICE_QUEUE) == 1
    notice_waker.clear_flag()
    notice_waker.publish_soon()
    assert broker.llen(NOTICE_QUEUE) == 2
