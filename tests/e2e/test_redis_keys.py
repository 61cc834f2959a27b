"""Nothing in Redis grows for ever: a key expires, or is one of a fixed number.

And a gateway subscribes to what its sockets need.
"""

import re

from redis import Redis

from tests.e2e.bidding import bid, watch
from tests.e2e.cluster import Cluster
from tests.e2e.lots import create_lot
from tests.e2e.people import Gateway, Person
from tests.servers import redis_url
from tests.waiting import wait_until

DATABASES = (1, 2, 3)  # broker, fan-out, auth
FADING = {"session", "refresh", "sockets", "presence"}  # of a bidder
# Celery's: what it has in hand, its queues, and which there are.
LASTING = re.compile(r"unacked(_index|_mutex)?|bids|notices|maintenance|_kombu\.binding[._].*")


def test_every_key_expires_or_is_one_of_a_fixed_number(
    gateway: Gateway, seller: Person, anna: Person
) -> None:
    lot = create_lot(seller)
    with anna.enter(gateway) as bidder:
        watch(bidder, lot)
        bid(bidder, lot, 10_000, confirm=True)
        wait_until(lambda: families() >= FADING, what="the keys of a bidder are there")
        lasting = {key for key, ttl_s in keys().items() if ttl_s < 0}
    assert [key for key in sorted(lasting) if LASTING.fullmatch(key) is None] == []


def test_a_gateway_subscribes_to_what_its_sockets_need(
    cluster: Cluster, gateway: Gateway, seller: Person
) -> None:
    watched, other, eve = create_lot(seller), create_lot(seller), gateway.sign_up("Eve")
    channels = [f"auction:{lot['id']}" for lot in (watched, other)] + [f"user:{eve.id}"]
    assert subscribers(channels) == [0, 0, 0]
    with cluster.another_gateway("gateway-aside") as aside:
        with gateway.enter() as guest, eve.enter(aside) as bidder:
            watch(guest, watched)
            assert subscribers(channels) == [1, 0, 1]
            bid(bidder, other, 10_000, confirm=True)
            watch(bidder, watched)
            assert subscribers(channels) == [2, 0, 1]
        wait_until(lambda: subscribers(channels)[0] == 0, what="nobody watches any more")


def subscribers(channels: list[str]) -> list[int]:
    """How many gateways' processes have subscribed to each."""
    with Redis.from_url(redis_url(2), decode_responses=True) as redis:
        return [int(count) for _, count in redis.pubsub_numsub(*channels)]


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
