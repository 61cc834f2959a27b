"""The one Redis subscription of a process: for ever, and the first to know when it was broken."""

import time

import gevent
import structlog
from gevent.event import Event
from redis import Redis
from redis.client import PubSub
from redis.exceptions import RedisError

from app.domain.errors import DomainError
from app.protocol.channels import GATEWAY_CHANNELS
from app.web.ws.hub import Hub

log = structlog.get_logger()

POLL_S = 1.0
PING_S = 5.0  # a stream that is silently dead is noticed within two of these
PAUSE_S = 0.5


class Listener:
    """Feeds a hub. `subscribed` is set while every channel is confirmed."""

    def __init__(self, redis: Redis, hub: Hub) -> None:
        self._redis, self._hub = redis, hub
        self.subscribed = Event()
        self._was_broken = False

    def heard_within(self, timeout_s: float) -> bool:
        """Whether every channel is confirmed, now or in `timeout_s` seconds."""
        return self.subscribed.wait(timeout=timeout_s)

    def run(self) -> None:
        """Listen until the process ends; never raises."""
        while True:
            try:
                self._listen()
            except (RedisError, OSError) as error:
                log.warning("fanout_broken", error=type(error).__name__)
            except Exception:
                log.exception("fanout_failed")
            self.subscribed.clear()
            self._was_broken = True
            gevent.sleep(PAUSE_S)

    def _listen(self) -> None:
        with self._redis.pubsub() as stream:  # type: ignore[no-untyped-call]
            stream.subscribe(*GATEWAY_CHANNELS)
            self._pump(stream)

    def _pump(self, stream: PubSub) -> None:
        confirmed = 0
        pinged_at = heard_at = time.monotonic()
        while True:
            message = stream.get_message(timeout=POLL_S)
            now = time.monotonic()
            if now - pinged_at >= PING_S:
                stream.ping()
                pinged_at = now
            if message is None:
                if now - heard_at > 2 * PING_S + POLL_S:
                    raise OSError("the stream is silent")
                continue
            heard_at = now
            if message["type"] == "message":
                self._hub.heard(_text(message["channel"]), _bytes(message["data"]))
            elif message["type"] == "subscribe":
                confirmed += 1
                if confirmed == len(GATEWAY_CHANNELS):
                    self._confirmed()

    def _confirmed(self) -> None:
        self.subscribed.set()
        log.info("fanout_subscribed")
        if self._was_broken:
            self._was_broken = False
            gevent.spawn(self._resume)

    def _resume(self) -> None:
        while True:
            try:
                self._hub.resume()
            except DomainError as error:
                log.warning("resume_failed", code=error.code)
                gevent.sleep(PAUSE_S)
            else:
                return


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value
