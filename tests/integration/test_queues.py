"""Celery's queues while nobody takes from them."""

from collections.abc import Iterator

import pytest
from redis import Redis

from app.adapters.tasks.waker import CeleryWaker
from app.bootstrap import build_container
from app.services.waking import NOTICE_QUEUE, SETTLE_QUEUE
from app.settings import read_settings
from tests.servers import own_stack, redis_url

OWN_DATABASE = 9  # of Redis: no worker listens there


@pytest.fixture
def broker() -> Iterator[Redis]:
    """An empty database, as of a broker whose workers are away."""
    stack = own_stack()
    stack.servers_up()
    with Redis.from_url(redis_url(OWN_DATABASE), decode_responses=True) as redis:
        redis.flushdb()
        yield redis
        redis.flushdb()


@pytest.fixture
def waker(broker: Redis) -> CeleryWaker:
    environment = own_stack().environment(
        REDIS_BROKER_URL=redis_url(OWN_DATABASE), REDIS_FANOUT_URL=redis_url(OWN_DATABASE)
    )
    return build_container(read_settings(environment), application="tests").waker


def test_wake_ups_that_nobody_takes_do_not_pile_up(broker: Redis, waker: CeleryWaker) -> None:
    waker.wake_again(("auction-bid", str(number)) for number in range(30))
    oldest = broker.lrange(SETTLE_QUEUE, -10, -1)
    assert waker.waiting(at_most=40) == 30
    assert waker.waiting(at_most=10) == 10
    assert broker.lrange(SETTLE_QUEUE, 0, -1) == oldest


def test_nor_do_tasks_of_other_queues(broker: Redis, waker: CeleryWaker) -> None:
    for _ in range(5):
        waker.tell()
        waker.telling()  # as if a worker had begun
    assert broker.llen(NOTICE_QUEUE) == 5
    assert waker.waiting(at_most=3) == 0
    assert broker.llen(NOTICE_QUEUE) == 3
