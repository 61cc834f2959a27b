"""A gateway subscribes in Redis only to the channels that its sockets need."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from uuid import uuid4

import gevent
import gevent.socket
import pytest
import redis.connection as redis_connection
from redis import Redis

from app.adapters.redis.connect import connect
from app.protocol.channels import GATEWAY_CHANNELS
from app.settings import Limits
from app.web.ws import listener as listening
from app.web.ws.listener import Listener
from app.web.ws.recovery import RecoveryStep
from tests.servers import redis_url
from tests.waiting import CALL_S

FANOUT_DATABASE = 2  # of Redis, on the local stack; channels are those of every database


@dataclass
class Hub:
    """Records messages and recoveries; `needed` are the channels of its sockets."""

    received: list[tuple[str, bytes]] = field(default_factory=list)
    needed: set[str] = field(default_factory=set)
    made_up: list[object] = field(default_factory=list)

    def on_message(self, channel: str, payload: bytes) -> None:
        if channel not in GATEWAY_CHANNELS:  # channels that other tests on the server may use
            self.received.append((channel, payload))

    def needs(self, channel: str) -> bool:
        return channel in self.needed

    def channel_is_confirmed(self, channel: str) -> None:
        return None

    def stream_is_confirmed(self) -> None:
        return None

    def stream_is_back(self) -> None:
        return None

    def steps(self, since: float) -> list[RecoveryStep]:
        return [partial(self.made_up.append, "everybody")]

    def steps_of(self, user_ids: list[int], since: float) -> list[RecoveryStep]:
        return [partial(self.made_up.append, tuple(user_ids))]


def a_listener(redis: Redis, hub: Hub) -> Listener:
    return Listener(redis, hub, recovery=hub, clock=time.monotonic)  # type: ignore[arg-type]


@pytest.fixture
def redis(stack: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Redis]:
    """A Redis whose clients wait as in a patched gateway, where other greenlets continue."""
    monkeypatch.setattr(redis_connection, "socket", gevent.socket)
    with connect(redis_url(FANOUT_DATABASE), limits=Limits()) as redis:
        yield redis


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
def listener(redis: Redis, hub: Hub) -> Iterator[Listener]:
    listener = a_listener(redis, hub)
    greenlet = gevent.spawn(listener.run)
    assert listener.subscribed.wait(CALL_S)
    yield listener
    greenlet.kill()


def wait_for(condition: Callable[[], object], what: str) -> None:
    """As tests.waiting, letting greenlets run."""
    deadline = time.monotonic() + CALL_S
    while not condition():
        assert time.monotonic() < deadline, what
        gevent.sleep(0.01)


def a_channel() -> str:
    return f"auction:{uuid4().int % 10**12}"


def test_a_gateway_receives_subscribed_channels_only(
    redis: Redis, hub: Hub, listener: Listener
) -> None:
    wanted, other = a_channel(), a_channel()
    assert redis.publish(wanted, "too early") == 0
    assert listener.listen_to([wanted], CALL_S)
    assert redis.publish(wanted, b"\xff1") == 1
    assert redis.publish(other, "not wanted") == 0
    wait_for(lambda: hub.received, "it is heard")
    assert hub.received == [(wanted, b"\xff1")]


def test_unneeded_channels_are_unsubscribed_after_a_while(
    redis: Redis, hub: Hub, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed, left = a_channel(), a_channel()
    hub.needed.add(needed)
    assert listener.listen_to([needed, left], CALL_S)
    listener.unsubscribe_unneeded()
    assert redis.publish(left, "somebody may come back") == 1
    monkeypatch.setattr(listening, "CHANNEL_LASTS_S", 0.0)
    listener.unsubscribe_unneeded()
    wait_for(lambda: redis.publish(left, "") == 0, "it is given up")
    assert redis.publish(needed, "") == 1
    assert listener.listen_to([left], CALL_S)
    assert redis.publish(left, "") == 1


def test_after_a_reconnect_all_channels_are_recovered(
    redis: Redis, hub: Hub, listener: Listener
) -> None:
    channels = [a_channel() for _ in range(2_500)]
    assert listener.listen_to(channels, CALL_S)
    clients = redis.client_list()
    for client in clients:
        if int(client["sub"]) >= len(channels):
            redis.client_kill_filter(_id=client["id"])
    wait_for(lambda: hub.made_up, "it is made up for")
    assert hub.made_up == ["everybody"]
    assert all(redis.publish(channel, "back") == 1 for channel in channels[::500])
    wait_for(lambda: len(hub.received) == len(channels[::500]), "all are heard")


def test_users_joining_during_an_outage_are_recovered(redis: Redis, hub: Hub) -> None:
    listener = a_listener(redis, hub)
    listener.expect(["user:5"], CALL_S)
    greenlet = gevent.spawn(listener.run)
    wait_for(lambda: hub.made_up, "it is made up for")
    assert redis.pubsub_numsub("user:5") == [("user:5", 1)]
    greenlet.kill()


def test_pushes_before_a_late_confirmation_are_recovered(
    redis: Redis, hub: Hub, listener: Listener
) -> None:
    user_id = uuid4().int % 10**12
    redis.client_pause(1_500)
    listener.expect([f"user:{user_id}"], 0.2)
    assert not listener.listen_to([a_channel()], 0.2)
    wait_for(lambda: hub.made_up, "it is made up for")
    assert hub.made_up == [(user_id,)]
