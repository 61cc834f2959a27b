"""Nothing in Redis grows for ever: a key fades by itself, or is one of a fixed number."""

import re

from redis import Redis

from tests.e2e.bidding import bid, watch
from tests.e2e.lots import put_up
from tests.e2e.people import Gateway, Person
from tests.servers import redis_url
from tests.waiting import wait_until

DATABASES = (1, 2, 3)  # broker, fan-out, auth
FADING = {"session", "refresh", "sockets", "presence"}  # of what somebody does who bids
# Celery's: what it has in hand, its queues, and which there are.
LASTING = re.compile(r"unacked(_index|_mutex)?|bids|notices|maintenance|_kombu\.binding[._].*")


def test_every_key_fades_or_is_one_of_a_fixed_number(
    gateway: Gateway, seller: Person, anna: Person
) -> None:
    lot = put_up(seller)
    with anna.enter(gateway) as bidder:
        watch(bidder, lot)
        bid(bidder, lot, 10_000, confirm=True)
        wait_until(lambda: families() >= FADING, what="the keys of a bidder are there")
        lasting = {key for key, ttl_s in keys().items() if ttl_s < 0}
    assert [key for key in sorted(lasting) if LASTING.fullmatch(key) is None] == []


def families() -> set[str]:
    return {key.partition(":")[0] for key in keys()}


def keys() -> dict[str, int]:
    """Of every database the keys, each with the seconds it lives: -1 for ever."""
    found: dict[str, int] = {}
    for number in DATABASES:
        with Redis.from_url(redis_url(number), decode_responses=True) as redis:
            for key in redis.scan_iter():
                ttl_s = redis.ttl(key)
                if ttl_s != -2:  # gone meanwhile
                    found[str(key)] = int(ttl_s)
    return found
