"""The one Redis subscription of a process, which also detects gaps in the stream.

It has the channels of every gateway, and those needed here: of auctions and rooms that sockets
watch, and of users who are signed in here. Each is confirmed by Redis before its snapshot is read,
and unsubscribed some time after it was last needed, so that nothing is missed while browsers come
and go.
"""

from collections.abc import Sequence
from contextlib import closing, suppress
from typing import Final

import gevent
import structlog
from gevent.event import Event
from redis import Redis
from redis.exceptions import RedisError

from app.adapters.redis.subscription import Message, Subscription
from app.domain.errors import DomainError
from app.protocol.channels import GATEWAY_CHANNELS
from app.services.batches import batches
from app.services.futile_bids import WINDOW_S
from app.web.turns import NEXT_TURN_S
from app.web.ws.hub import Hub, user_of
from app.web.ws.recovery import Recovery, RecoveryStep
from app.web.ws.services import Clock

log = structlog.get_logger()

POLL_S = 1.0
PING_S = 5.0  # a stream that is silently dead is noticed within two of these
PAUSE_S = 0.5
# Reading gives way to others only when nothing has come: after so much, some 2 ms, they are let in.
TURN_BYTES: Final = 64 * 1024
MESSAGE_BYTES: Final = 200  # what a message costs beside its payload
SUBSCRIBE_MAX: Final = 1_000  # channels in one command
# How long a channel is kept after it was needed: a viewer may come back. Of a user, as long as
# bids that lead nowhere are counted, and outcomes of bids over HTTP may come.
CHANNEL_LASTS_S: Final = 10.0
USER_LASTS_S: Final = WINDOW_S


class Listener:
    """Passes publications to a hub. `subscribed` is set while every needed channel is confirmed.

    `clock` is in monotonic seconds.
    """

    def __init__(self, redis: Redis, hub: Hub, *, recovery: Recovery, clock: Clock) -> None:
        self._redis, self._hub, self._recovery, self._clock = redis, hub, recovery, clock
        self.subscribed = Event()
        self._received_at = self._broken_at = clock()
        self._gap_since: float | None = None  # a break from which recovery has not begun
        self._is_resuming = False
        self._subscription: Subscription | None = None
        self._needed: dict[str, float] = {}  # channel → monotonic seconds it was last needed at
        # Of this subscription:
        self._pending: dict[str, float] = {}  # channel → when it was requested; not yet confirmed
        self._confirmed: set[str] = set()
        self._confirmations: dict[str, Event] = {}
        self._late: set[str] = set()  # channels whose confirmation was waited for in vain
        self._unanswered_since: float | None = None  # when such a wait began
        self._late_users: dict[int, float] = {}  # user → when their channel was requested

    def listen_to(self, channels: Sequence[str], timeout_s: float) -> bool:
        """Subscribe to these channels; return whether they are confirmed within `timeout_s`.

        They stay subscribed whatever the answer. No call waits longer than until `timeout_s` after
        the stream broke, or fell silent, so later callers do not repeat a wait in vain.
        """
        now = self._clock()
        for channel in channels:
            self._needed[channel] = now
        if self._subscription is not None:
            self._subscribe(
                [c for c in channels if c not in self._confirmed and c not in self._pending], now
            )
        deadline = self._waits_since(now) + timeout_s
        confirmed = [self._is_confirmed_by(channel, deadline) for channel in channels]
        return all(confirmed)

    def expect(self, channels: Sequence[str], timeout_s: float) -> None:
        """As `listen_to`, for a user: what is missed before the confirmation is recovered.

        While the stream is broken it does not wait: then recovery follows in any case.
        """
        if self.subscribed.is_set():
            self.listen_to(channels, timeout_s)
        else:
            self.listen_to(channels, 0.0)
            self._broken(self._clock())

    def unsubscribe_unneeded(self) -> None:
        """Unsubscribe from channels that were not needed for a while."""
        now = self._clock()
        for channel in self._needed:
            if self._hub.needs(channel):
                self._needed[channel] = now
        unneeded = [
            channel
            for channel, needed_at in self._needed.items()
            if now - needed_at > _lasts_s(channel) and channel not in self._pending
        ]
        for channel in unneeded:
            del self._needed[channel]
            self._confirmed.discard(channel)
            self._confirmations.pop(channel, None)
            self._late.discard(channel)
        if unneeded and self._subscription is not None:
            with suppress(RedisError, OSError):  # the reader will notice that it is broken
                self._subscription.unsubscribe(*unneeded)

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
                self._broken_at = self._clock()
            self._broken(self._received_at)
            gevent.sleep(PAUSE_S)

    def _listen(self) -> None:
        with closing(Subscription(self._redis)) as subscription:
            self._subscription = subscription
            try:
                if self._gap_since is not None:
                    self._hub.stream_is_back()
                self._subscribe([*GATEWAY_CHANNELS, *self._needed], self._clock())
                self._read(subscription)
            finally:
                self._subscription = None
                self._confirmed.clear()
                self._pending.clear()

    def _subscribe(self, channels: Sequence[str], now: float) -> None:
        if self._subscription is None or not channels:
            return
        for channel in channels:
            self._pending[channel] = now
        with suppress(RedisError, OSError):  # the reader will notice that it is broken
            for batch in batches(channels, SUBSCRIBE_MAX):
                self._subscription.subscribe(*batch)

    def _waits_since(self, now: float) -> float:
        if not self.subscribed.is_set():
            return self._broken_at
        if self._unanswered_since is None or self._received_at > self._unanswered_since:
            return now
        return self._unanswered_since

    def _is_confirmed_by(self, channel: str, deadline: float) -> bool:
        if channel in self._confirmed:
            return True
        began = self._clock()
        confirmation = self._confirmations.setdefault(channel, Event())
        if confirmation.wait(max(0.0, deadline - began)):
            return True
        if self._unanswered_since is None or self._received_at > self._unanswered_since:
            self._unanswered_since = began
        self._late.add(channel)
        return False

    def _read(self, subscription: Subscription) -> None:
        pinged_at = subscribed_at = self._clock()
        while True:
            messages = subscription.read(POLL_S)
            now = self._clock()
            if now - pinged_at >= PING_S:
                subscription.ping()
                pinged_at = now
            if messages:
                self._received_at = now
                self._on_messages(messages, now)
            elif now - max(self._received_at, subscribed_at) > 2 * PING_S + POLL_S:
                raise OSError("the stream is silent")

    def _on_messages(self, messages: Sequence[Message], now: float) -> None:
        handled_bytes = 0
        for message in messages:
            handled_bytes += MESSAGE_BYTES
            if message[0] == b"message":
                self._hub.on_message(message[1].decode(), message[2])
                handled_bytes += len(message[2])
            elif message[0] == b"subscribe":
                self._on_confirmation(message[1].decode(), now)
            if handled_bytes >= TURN_BYTES:
                handled_bytes = 0
                gevent.sleep(NEXT_TURN_S)

    def _on_confirmation(self, channel: str, now: float) -> None:
        requested_at = self._pending.pop(channel, now)
        self._confirmed.add(channel)
        self._hub.channel_is_confirmed(channel)
        confirmation = self._confirmations.pop(channel, None)
        if confirmation is not None:
            confirmation.set()
        if not self.subscribed.is_set():
            if not self._pending:
                self._on_subscribed()
        elif channel in self._late and (user_id := user_of(channel)) is not None:
            self._recover_soon(user_id, requested_at)
        self._late.discard(channel)

    def _broken(self, since: float) -> None:
        earlier = self._gap_since
        self._gap_since = since if earlier is None else min(since, earlier)

    def _on_subscribed(self) -> None:
        self._hub.stream_is_confirmed()
        self.subscribed.set()
        log.info("fanout_subscribed")
        if self._gap_since is not None:
            self._resume_soon()

    def _resume_soon(self) -> None:
        if not self._is_resuming:
            self._is_resuming = True
            gevent.spawn(self._resume)

    def _resume(self) -> None:
        """Recover from every break, one at a time; ends when there is none."""
        while self._gap_since is not None:
            self.subscribed.wait()
            since, self._gap_since = self._gap_since, None
            if not all(self._recovered(step) for step in self._recovery.steps(since)):
                self._broken(since)
        self._is_resuming = False

    def _recover_soon(self, user_id: int, requested_at: float) -> None:
        self._late_users[user_id] = requested_at
        if len(self._late_users) == 1:
            gevent.spawn(self._recover_late_users)

    def _recover_late_users(self) -> None:
        """Recover for all users whose confirmation was late; after a gap all users are
        recovered."""
        gevent.sleep(PAUSE_S)
        users, self._late_users = self._late_users, {}
        for step in self._recovery.steps_of(list(users), min(users.values())):
            self._recovered(step)

    def _recovered(self, step: RecoveryStep) -> bool:
        """Retry the step until it succeeds; return False when the stream broke again, which changes
        the gap."""
        while self._gap_since is None:
            try:
                step()
            except DomainError as error:
                log.warning("resume_failed", code=error.code)
                gevent.sleep(PAUSE_S)
            except Exception:  # our own fault: what else was missed must not suffer from it
                log.exception("resume_impossible")
                return True
            else:
                return True
        return False


def _lasts_s(channel: str) -> float:
    return CHANNEL_LASTS_S if user_of(channel) is None else USER_LASTS_S
