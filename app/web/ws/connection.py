"""One socket: whose it is, how far its life has come, and what it is sent.

Its reader (reader.py) runs in a greenlet of its own; any greenlet may send to it. Whatever happens
inside, the stream carries WebSocket frames only, and ends with a close frame where the client still
accepts one.
"""

from enum import IntEnum
from uuid import uuid4

import gevent
import msgspec
import structlog
from gevent import socket
from msgspec import UNSET, UnsetType

from app.domain.errors import UnauthenticatedError
from app.observability.security_log import SecurityEvent, log_security
from app.protocol.problems import CloseCode
from app.protocol.pushes import FrameError
from app.services.accounts import Identity
from app.settings import Limits
from app.web.ws.frame_queues import FrameQueues
from app.web.ws.framing import PING, text_frame
from app.web.ws.rate import PAUSE_S, FrameRate, RateDecision
from app.web.ws.services import Clock
from app.web.ws.traffic import Traffic
from app.web.ws.writer import Writer

log = structlog.get_logger()

CLOSE_LINGER_S = 2.0  # how long a client may take to answer our close

_encode = msgspec.json.Encoder().encode


class State(IntEnum):
    """What is done with what a client sends. It only rises; states may be skipped."""

    OPENED = 0  # only `auth` may come
    READY = 1  # `auth` was answered with `welcome`: every frame is handled
    DRAINING = 2  # `bye` was sent: what comes is ignored, what came before is still answered
    CLOSING = 3  # our close frame was the last to be sent: only its answer is awaited
    FLOODED = 4  # as CLOSING, of a client that sends without end: nothing is looked at
    CLOSED = 5  # the socket is closed


OPENED, READY, DRAINING, CLOSING, FLOODED, CLOSED = State


class Connection:
    """A client's socket, from handshake to end."""

    def __init__(
        self, sock: socket.socket, *, limits: Limits, clock: Clock, traffic: Traffic
    ) -> None:
        """`clock` is in monotonic seconds."""
        now = clock()
        self.sock, self.limits, self.clock, self.traffic = sock, limits, clock, traffic
        self.id = str(uuid4())
        self.state = OPENED
        self.end = "lost"  # how it ended: the code of our close, `client`, or `lost`
        self.identity: Identity | None = None
        self.last_frame_id = -1
        self.channels: set[str] = set()
        self.queues = FrameQueues(
            frames_max=limits.pending_frames_max, at_once_max=limits.store_reads_per_socket_max
        )
        self.rate = FrameRate(
            per_s=limits.frames_per_s_max,
            bytes_per_s=limits.bytes_per_s_max,
            patience_s=limits.frames_over_rate_s,
            now=now,
        )
        self._opened_at = self._pinged_at = now
        self.received_at = now  # monotonic seconds: the last sign of life
        self.waited_s = 0.0  # what came last, for its turn
        self.bids_waiting = 0  # that are read, for their turn
        self._limited_at = now - PAUSE_S  # when it was last told so beside an answer
        self._writer = Writer(
            sock,
            bytes_max=limits.queue_bytes_max,
            frames_max=limits.queue_frames_max,
            stall_s=limits.write_stall_s,
            on_slow=lambda: self.close(CloseCode.TOO_SLOW, "too slow"),
            on_dead=self._shut,
            traffic=traffic,
        )

    @property
    def is_open(self) -> bool:
        """Whether frames are still taken and read."""
        return self.state < CLOSING and self._writer.is_open

    @property
    def is_silent(self) -> bool:
        """Whether no `auth` has arrived; one that waits for our stores has."""
        return self.state is OPENED and not len(self.queues)

    @property
    def bytes_queued(self) -> int:
        """Bytes that wait for a slow reader."""
        return self._writer.bytes_queued

    @property
    def frames_queued(self) -> int:
        """Frames that wait for a slow reader."""
        return self._writer.frames_queued

    def signed_in(self) -> Identity:
        """Return its user. Raise UnauthenticatedError for a guest."""
        if self.identity is None:
            raise UnauthenticatedError(detail="sign in first")
        return self.identity

    def push(self, frame: bytes) -> None:
        """Send a frame made by `text_frame`; never blocks."""
        self.traffic.pushes += 1
        self._writer.write(frame)

    def answer(self, message: msgspec.Struct) -> None:
        """Send one message; never blocks."""
        self._writer.write(text_frame(_encode(message)))

    def pong(self, frame: bytes) -> None:
        """Send the answer to a ping; never blocks."""
        self._writer.write(frame)

    def set_ready(self) -> None:
        """Handle every frame from now on: who it belongs to is known."""
        self._rise(READY)

    def drain(self) -> None:
        """Ignore what comes from now on; what came before is still answered."""
        self._rise(DRAINING)

    def set_flooded(self) -> None:
        """Look at nothing that comes any more."""
        self._rise(FLOODED)

    def close(self, code: int, reason: str = "") -> None:
        """Send a close frame; the client may take CLOSE_LINGER_S to answer."""
        if self.state >= CLOSING:
            return
        if code == CloseCode.RATE:
            user_id = None if self.identity is None else self.identity.user_id
            log_security(SecurityEvent.RATE_LIMITED, user_id=user_id, endpoint="websocket")
        self.state = CLOSING
        if self._writer.is_open:
            self.end = str(int(code))
        self._writer.close(code, reason)
        log.debug("socket_closing", connection_id=self.id, code=int(code))
        gevent.spawn_later(CLOSE_LINGER_S, self._end_linger)

    def closed_by_client(self, code: int) -> None:
        """Answer the client's close frame, unless it is the answer to ours."""
        if self.is_open:
            self.end = "client"
        self._writer.close(code)

    def closed(self) -> None:
        """Close the socket: its reader has ended."""
        self.state = CLOSED
        self.sock.close()
        self._writer.end()

    def is_in_rate(self, frame_id: int | UnsetType = UNSET) -> bool:
        """Count a frame and return whether it is within the rate. One above it is refused; of
        frames without an id, which are control frames and parts of messages, one in PAUSE_S."""
        now = self.clock()
        decision = self.rate.check(now)
        if decision is RateDecision.PASS:
            return True
        if decision is RateDecision.CLOSE:
            self.close(CloseCode.RATE, "too many frames")
        elif frame_id is not UNSET:
            self._refuse_rate(frame_id)
        elif now - self._limited_at >= PAUSE_S:
            self._limited_at = now
            self._refuse_rate(frame_id)
        return False

    def tick(self, now: float, epoch_s: float) -> None:
        """Check, once a second, the time limits of `auth`, tokens and pongs."""
        if not self.is_open:
            return
        if self.is_silent and now - self._opened_at >= self.limits.auth_timeout_s:
            self.close(CloseCode.UNAUTHENTICATED, "no auth")
        elif self.identity is not None and epoch_s >= self.identity.expires_at_s:
            self.close(CloseCode.UNAUTHENTICATED, "token expired")
        elif self.received_at < self._pinged_at:
            if now - self._pinged_at >= self.limits.pong_timeout_s:
                self.close(CloseCode.NO_PONG, "no pong")
        elif now - self._pinged_at >= self.limits.ping_s:
            self._pinged_at = now
            self._writer.write(PING)

    def _rise(self, state: State) -> None:
        self.state = max(self.state, state)

    def _refuse_rate(self, frame_id: int | UnsetType) -> None:
        self.answer(
            FrameError(
                re=frame_id,
                code="RATE_LIMITED",
                detail="too much is sent",
                retry=True,
                retry_after_ms=self.rate.retry_after_ms,
            )
        )

    def _end_linger(self) -> None:
        # While something still waits, the writer's own patience decides.
        if self._writer.flushed():
            self._shut()
        else:
            gevent.spawn_later(CLOSE_LINGER_S, self._end_linger)

    def _shut(self) -> None:
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # the other side was faster
