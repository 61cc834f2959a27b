"""The one Redis subscription of a process: for ever, and the first to know when it was broken."""

import time
from contextlib import closing

import gevent
import structlog
from gevent.event import Event
from redis import Redis
from redis.exceptions import RedisError

from app.adapters.redis.subscription import Subscription
from app.domain.errors import DomainError
from app.protocol.channels import GATEWAY_CHANNELS
from app.web.ws.hub import Hub, MakeUp

log = structlog.get_logger()

POLL_S = 1.0
PING_S = 5.0  # a stream that is silently dead is noticed within two of these
PAUSE_S = 0.5
# Reading gives way to others only when nothing has come: after so much, 2 ms of outcomes, they are
# let in.
TURN_BYTES = 64 * 1024


class Listener:
    """Feeds a hub. `subscribed` is set while every channel is confirmed."""

    def __init__(self, redis: Redis, hub: Hub) -> None:
        self._redis, self._hub = redis, hub
        self.subscribed = Event()
        self._heard_at = self._broken_at = time.monotonic()
        self._missed_since: float | None = None  # a break not yet begun to be made up for
        self._is_resuming = False

    def heard_within(self, timeout_s: float) -> bool:
        """Whether every channel is confirmed, now or `timeout_s` seconds after it broke.

        So who comes later does not wait for what others have waited for in vain.
        """
        left_s = timeout_s - (time.monotonic() - self._broken_at)
        return self.subscribed.wait(timeout=max(0.0, left_s))

    def run(self) -> None:
        """Listen until the process ends; never raises."""
        while True:
            try:
                self._listen()
            except (RedisError, OSError) as error:
                log.warning("fanout_broken", error=type(error).__name__)
            except Exception:
                log.exception("fanout_failed")
            if self.subscribed.is_set():
                self.subscribed.clear()
                self._broken_at = time.monotonic()
            self._broken(self._heard_at)
            gevent.sleep(PAUSE_S)

    def _listen(self) -> None:
        with closing(Subscription(self._redis)) as subscription:
            subscription.subscribe(*GATEWAY_CHANNELS)
            self._read(subscription)

    def _read(self, subscription: Subscription) -> None:
        confirmed = handled_bytes = 0
        pinged_at = subscribed_at = time.monotonic()
        while True:
            message = subscription.read(POLL_S)
            now = time.monotonic()
            if now - pinged_at >= PING_S:
                subscription.ping()
                pinged_at = now
            if message is None:
                if now - max(self._heard_at, subscribed_at) > 2 * PING_S + POLL_S:
                    raise OSError("the stream is silent")
                continue
            self._heard_at = now
            kind = message[0]
            if kind == b"message":
                self._hub.on_message(message[1].decode(), message[2])
                handled_bytes += len(message[2])
                if handled_bytes >= TURN_BYTES:
                    handled_bytes = 0
                    gevent.sleep(0)
            elif kind == b"subscribe":
                confirmed += 1
                if confirmed == len(GATEWAY_CHANNELS):
                    self._confirmed()

    def _broken(self, since: float) -> None:
        earlier = self._missed_since
        self._missed_since = since if earlier is None else min(since, earlier)

    def _confirmed(self) -> None:
        self._hub.stream_is_confirmed()
        self.subscribed.set()
        log.info("fanout_subscribed")
        if self._missed_since is None:
            return
        self._hub.stream_is_back()
        if not self._is_resuming:
            self._is_resuming = True
            gevent.spawn(self._resume)

    def _resume(self) -> None:
        """Make up for every break, one at a time; ends when there is none."""
        while self._missed_since is not None:
            self.subscribed.wait()
            since, self._missed_since = self._missed_since, None
            if not all(self._made_up(make_up) for make_up in self._hub.missed(since)):
                self._broken(since)
        self._is_resuming = False

    def _made_up(self, make_up: MakeUp) -> bool:
        """Try until it is done; False when the stream broke again, which changes what is missed."""
        while self._missed_since is None:
            try:
                make_up()
            except DomainError as error:
                log.warning("resume_failed", code=error.code)
                gevent.sleep(PAUSE_S)
            except Exception:  # our own fault: what else was missed must not suffer from it
                log.exception("resume_impossible")
                return True
            else:
                return True
        return False
