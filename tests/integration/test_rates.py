"""A rate holds over all processes, and without Redis in each of them."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from redis import Redis

from app.adapters.redis.connect import connect
from app.adapters.redis.rates import LocalRates, RedisRates
from app.domain.errors import RateLimitedError
from app.services.rates import Rate
from app.settings import Limits
from tests.integration.http.applications import refused_address
from tests.servers import own_stack, redis_url
from tests.waiting import wait_until

AUTH_DATABASE = 3  # of Redis, on the local stack


@pytest.fixture
def redis() -> Redis:
    return connect(own_stack().environment()["REDIS_AUTH_URL"], limits=Limits())


def rate(per_s: float = 0.01, burst: int = 3) -> Rate:
    return Rate(uuid4().hex, per_s, burst)


def refused_for_s(take: Callable[[], None]) -> float:
    with pytest.raises(RateLimitedError) as refused:
        take()
    return refused.value.retry_after_s


def is_let_in(rates: RedisRates, at: Rate) -> bool:
    try:
        rates.consume(at, 7)
    except RateLimitedError:
        return False
    return True


def test_two_processes_share_a_users_rate(redis: Redis) -> None:
    slow, one, other = rate(), RedisRates(redis), RedisRates(redis)
    for rates in (one, other, one):
        rates.consume(slow, 7)
    assert 90 < refused_for_s(lambda: other.consume(slow, 7)) <= 100
    one.consume(slow, 8)
    one.consume(rate(), 7)
    with Redis.from_url(redis_url(AUTH_DATABASE), decode_responses=True) as looking:
        assert 90_000 < looking.pttl(f"rate:{slow.name}:7") <= 300_000


def test_a_refused_caller_is_refused_again_without_redis(redis: Redis) -> None:
    slow, rates = rate(burst=1), RedisRates(redis)
    rates.consume(slow, 7)
    refused_for_s(lambda: rates.consume(slow, 7))
    redis.delete(f"rate:{slow.name}:7")
    assert 90 < refused_for_s(lambda: rates.consume(slow, 7)) <= 100
    quick = rate(per_s=50, burst=1)
    rates.consume(quick, 7)
    refused_for_s(lambda: rates.consume(quick, 7))
    wait_until(lambda: is_let_in(rates, quick), what="the time is over")


def test_waiting_for_retry_after_is_enough() -> None:
    now_s = [0.0]
    rates, usual = LocalRates(clock=lambda: now_s[0]), rate(per_s=1, burst=5)
    for _ in range(5):
        rates.consume(usual, 7)
    for _ in range(3):
        assert refused_for_s(lambda: rates.consume(usual, 7)) == pytest.approx(1.0)
    now_s[0] += 1.0
    rates.consume(usual, 7)
    now_s[0] += 1_000.0
    for _ in range(5):
        rates.consume(usual, 7)
    assert refused_for_s(lambda: rates.consume(usual, 7)) == pytest.approx(1.0)


def test_without_redis_a_process_counts_for_itself() -> None:
    with refused_address() as address:
        rates, slow = RedisRates(connect(f"redis://{address}/0", limits=Limits())), rate()
        for _ in range(3):
            rates.consume(slow, 7)
        assert refused_for_s(lambda: rates.consume(slow, 7)) > 90
