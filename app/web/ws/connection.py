"""One socket: read in its own greenlet, written to from any greenlet through its writer.

Whatever happens inside, the stream carries WebSocket frames only, and ends with a close frame where
the client still accepts one.
"""

from collections.abc import Callable
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
from app.web.turns import LOOP_TURNS, Turns
from app.web.ws.frame_queues import FrameQueues
from app.web.ws.framing import (
    PING,
    Close,
    Framing,
    PeerClosed,
    Reply,
    SocketEvent,
    Text,
    text_frame,
)
from app.web.ws.rate import HOLD_S, PAUSE_S, FrameRate, RateDecision
from app.web.ws.services import Clock
from app.web.ws.traffic import Traffic
from app.web.ws.writer import Writer

log = structlog.get_logger()

READ = 1  # gevent's word for readable
READ_BYTES = 16 * 1024
CLOSE_LINGER_S = 2.0  # how long a client may take to answer our close

_encode = msgspec.json.Encoder().encode


OnMessage = Callable[["Connection", str], None]
Admit = Callable[["Connection", str], bool]


def _admits_nothing(_connection: "Connection", _text: str) -> bool:
    return False


class Connection:
    """A client's socket, from handshake to end."""

    def __init__(
        self,
        sock: socket.socket,
        *,
        limits: Limits,
        clock: Clock,
        traffic: Traffic,
        guest_turns: Turns,
    ) -> None:
        """`clock` is in monotonic seconds; `guest_turns` is shared by all sockets of the process
        without a signed-in user."""
        now = clock()
        self.id = str(uuid4())
        self.identity: Identity | None = None
        self.is_admitted = False  # has sent `auth`
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
        self._sock, self._limits, self._clock, self._traffic = sock, limits, clock, traffic
        self._guest_turns = guest_turns
        self._readable = gevent.get_hub().loop.io(sock.fileno(), READ)
        self._framing = Framing(bytes_max=limits.frame_bytes_max)
        self._opened_at = self._pinged_at = now
        self.received_at = now  # monotonic seconds: the last sign of life
        self.waited_s = 0.0  # what came last, for its turn
        self._has_turn = False  # what came last
        self.bids_waiting = 0  # that are read, for their turn
        self._limited_at = now - PAUSE_S  # when it was last told so beside an answer
        self._closing = False
        self._ignores_messages = False
        self._is_flooding = False
        self._client_closed = False
        self._on_message: OnMessage
        self._admit: Admit
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
        return not self._closing and self._writer.is_open

    @property
    def bytes_queued(self) -> int:
        """Bytes that wait for a slow reader."""
        return self._writer.bytes_queued

    @property
    def frames_queued(self) -> int:
        """Frames that wait for a slow reader."""
        return self._writer.frames_queued

    @property
    def end(self) -> str:
        """How it ended: the code of our close, `client`, or `lost`."""
        if self._client_closed:
            return "client"
        code = self._writer.close_code
        return "lost" if code is None else str(int(code))

    def run(self, on_message: OnMessage, admit: Admit = _admits_nothing) -> None:
        """Read until the end, giving every message to `on_message`, which must not wait.

        A user's message that has to wait for its turn is given to `admit` as soon as it has come.
        If that returns True nothing is left to be done; else it is given to `on_message` in turn.
        Closes the socket. Never raises an Exception.
        """
        self._on_message, self._admit = on_message, admit
        try:
            self._read()
        except OSError:
            log.debug("socket_lost", connection_id=self.id)
        except Exception:
            log.exception("socket_failed", connection_id=self.id)
            self.close(CloseCode.SERVER_ERROR, "server error")
        finally:
            self._closing = True
            self._readable.close()
            self._sock.close()

    def push(self, frame: bytes) -> None:
        """Send a frame made by `text_frame`; never blocks."""
        self._traffic.pushes += 1
        self._writer.write(frame)

    def answer(self, message: msgspec.Struct) -> None:
        """Send one message; never blocks."""
        self._writer.write(text_frame(_encode(message)))

    def signed_in(self) -> Identity:
        """Return its user. Raise UnauthenticatedError for a guest."""
        if self.identity is None:
            raise UnauthenticatedError(detail="sign in first")
        return self.identity

    def is_in_rate(self, frame_id: int | UnsetType = UNSET) -> bool:
        """Count a frame and return whether it is within the rate. One above it is refused; of
        frames without an id, which are control frames and parts of messages, one in PAUSE_S."""
        now = self._clock()
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

    @property
    def ignores_messages(self) -> bool:
        """Whether no further message is handled."""
        return self._ignores_messages

    def ignore_messages(self) -> None:
        """Handle no further message; those received before are still answered."""
        self._ignores_messages = True

    def close(self, code: int, reason: str = "") -> None:
        """Send a close frame; the client may take CLOSE_LINGER_S to answer."""
        if self._closing:
            return
        if code == CloseCode.RATE:
            user_id = None if self.identity is None else self.identity.user_id
            log_security(SecurityEvent.RATE_LIMITED, user_id=user_id, endpoint="websocket")
        self._closing = True
        self._writer.close(code, reason)
        log.debug("socket_closing", connection_id=self.id, code=int(code))
        gevent.spawn_later(CLOSE_LINGER_S, self._end_linger)

    def tick(self, now: float, epoch_s: float) -> None:
        """Check, once a second, the time limits of `auth`, tokens and pongs."""
        if not self.is_open:
            return
        if self._is_silent_guest and now - self._opened_at >= self._limits.auth_timeout_s:
            self.close(CloseCode.UNAUTHENTICATED, "no auth")
        elif self.identity is not None and epoch_s >= self.identity.expires_at_s:
            self.close(CloseCode.UNAUTHENTICATED, "token expired")
        elif self.received_at < self._pinged_at:
            if now - self._pinged_at >= self._limits.pong_timeout_s:
                self.close(CloseCode.NO_PONG, "no pong")
        elif now - self._pinged_at >= self._limits.ping_s:
            self._pinged_at = now
            self._writer.write(PING)

    @property
    def _is_silent_guest(self) -> bool:
        """Whether no `auth` has arrived; one that waits for our stores has."""
        return not self.is_admitted and not len(self.queues)

    def _read(self) -> None:
        while data := self._receive():
            self.received_at = self._clock()
            self._has_turn = False
            self.rate.add_bytes(len(data), self.received_at)
            if self._is_flooding:
                self._wait_turn()
                gevent.sleep(HOLD_S)
                continue
            text = None if self._closing else self._framing.whole_text(data)
            if text is not None:
                self._on_text(text)
                self._hold()
            elif not self._handle_all(data):
                return

    def _handle_all(self, data: bytes) -> bool:
        """Handle every frame in `data`; return False after the last one of the connection."""
        for event in self._framing.receive(data):
            if isinstance(event, PeerClosed):
                self._client_closed = self.is_open
                self._writer.close(event.code)
                return False
            if not self._on_event(event):
                break
            self._hold()
        return True

    def _receive(self) -> bytes:
        """Return the next bytes, empty at the end.

        Wait first, because mostly nothing has arrived yet, and a read would fail.
        """
        gevent.get_hub().wait(self._readable)
        data: bytes = self._sock.recv(READ_BYTES)
        return data

    def _wait_turn(self) -> None:
        """Return when it is this socket's turn, which is for all that has come together.

        Between turns the loop polls its sockets, so that Kafka's acknowledgements and outcomes do
        not wait for all clients that have sent something, and a client that sends without end does
        not block others. Guests take turns among themselves, so that their number does not delay
        bids.
        """
        if not self._has_turn:
            (self._guest_turns if self.identity is None else LOOP_TURNS).wait()
            self._has_turn = True
            self.waited_s = self._clock() - self.received_at

    def _hold(self) -> None:
        hold_s = self.rate.hold_s()
        if hold_s:
            gevent.sleep(hold_s)

    def _on_event(self, event: SocketEvent) -> bool:
        """Handle one frame; return False when the rest need not be read."""
        if isinstance(event, Text) and not self._closing:
            self._on_text(event.data)
            return True
        self._wait_turn()
        if self._closing:  # only the answer to our close is waited for
            self._is_flooding = self.rate.check(self._clock()) is not RateDecision.PASS
        elif isinstance(event, Close):
            self._refuse(event)
        elif self.is_in_rate() and isinstance(event, Reply):
            self._writer.write(event.data)
        return not self._is_flooding

    def _on_text(self, text: str) -> None:
        self._traffic.frames_in += 1
        if self._ignores_messages:
            return
        if self._has_to_wait and self._admit(self, text):
            return
        self._wait_turn()
        if not (self._closing or self._ignores_messages):
            self._on_message(self, text)

    @property
    def _has_to_wait(self) -> bool:
        """Whether a user's message that has come is not handled at once."""
        return not self._has_turn and self.identity is not None and not LOOP_TURNS.is_free

    def _refuse(self, event: Close) -> None:
        if event.code == CloseCode.MALFORMED and self._is_silent_guest:
            self.close(CloseCode.UNAUTHENTICATED, "auth first")
        else:
            self.close(event.code, event.reason)

    def _end_linger(self) -> None:
        # While something still waits, the writer's own patience decides.
        if self._writer.flushed():
            self._shut()
        else:
            gevent.spawn_later(CLOSE_LINGER_S, self._end_linger)

    def _shut(self) -> None:
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # the other side was faster
