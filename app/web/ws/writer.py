"""Writing to one socket: at once when it accepts the frame, else from a bounded queue in order.

Never blocks the caller. A reader that is too far behind, or reads nothing for `stall_s`, is to be
closed by its owner with 4008; if it does not read even that, it is cut off.
"""

from collections import deque
from collections.abc import Callable
from enum import Enum

import gevent
from gevent import socket
from gevent.socket import wait_write

from app.protocol.problems import CloseCode
from app.web.ws.framing import close_frame
from app.web.ws.traffic import Traffic


class _State(Enum):
    """What may still be written."""

    OPEN = "every frame"
    CLOSING = "what waits: the last of it is a close frame"
    DEAD = "nothing"


_OPEN, _CLOSING, _DEAD = _State.OPEN, _State.CLOSING, _State.DEAD


class Writer:
    """The only one that writes to its socket.

    `on_slow` is called when the reader is too slow, and is to close; `on_dead` once, when nothing
    can be written any more.
    """

    __slots__ = (
        "_bytes_max", "_bytes_queued", "_flusher", "_frames_max", "_on_dead", "_on_slow", "_queue",
        "_sock", "_stall_s", "_started", "_state", "_traffic",
    )  # fmt: skip

    def __init__(
        self,
        sock: socket.socket,
        *,
        bytes_max: int,
        frames_max: int,
        stall_s: float,
        on_slow: Callable[[], None],
        on_dead: Callable[[], None],
        traffic: Traffic,
    ) -> None:
        self._sock = sock
        self._bytes_max, self._frames_max, self._stall_s = bytes_max, frames_max, stall_s
        self._on_slow, self._on_dead, self._traffic = on_slow, on_dead, traffic
        self._state = _OPEN
        self._queue: deque[bytes] = deque()
        self._bytes_queued = 0
        self._started = False  # the first of the queue is partly sent
        self._flusher: gevent.Greenlet[[], None] | None = None  # of the queue

    @property
    def is_open(self) -> bool:
        """Whether another frame would be taken."""
        return self._state is _OPEN

    @property
    def bytes_queued(self) -> int:
        """Bytes that wait for the reader."""
        return self._bytes_queued

    @property
    def frames_queued(self) -> int:
        """Frames that wait for the reader."""
        return len(self._queue)

    def write(self, frame: bytes) -> None:
        """Send a frame, now or soon; ignored once the socket closes."""
        if self._state is not _OPEN:
            return
        self._traffic.frames_out += 1
        if not self._queue:
            self._send_now(frame)
        elif (
            self._bytes_queued + len(frame) > self._bytes_max
            or len(self._queue) >= self._frames_max
        ):
            self._on_slow()
        else:
            self._enqueue(frame)

    def close(self, code: int, reason: str = "") -> None:
        """Send a close frame; of what waits only a frame already begun goes before it if slow."""
        if self._state is not _OPEN:
            return
        if code == CloseCode.TOO_SLOW:
            self._drop_waiting()
        frame = close_frame(code, reason)
        if self._queue:
            self._enqueue(frame)
        else:
            self._send_now(frame)
        if self._state is _OPEN:
            self._state = _CLOSING

    def end(self) -> None:
        """Send nothing any more: the socket is closed.

        Its owner is forgotten: in a cycle both would wait for a full collection, and that of a
        thousand sockets halts the process.
        """
        self._state = _DEAD
        self._empty()
        self._on_slow = self._on_dead = _nothing

    def flushed(self) -> bool:
        """Whether nothing waits."""
        return not self._queue

    def _send_now(self, frame: bytes) -> None:
        sent = self._send(frame)
        if sent < len(frame) and self._state is not _DEAD:
            self._started = sent > 0
            self._enqueue(frame[sent:])

    def _send(self, data: bytes) -> int:
        try:
            return self._sock.send(data, 0, 0.0)  # type: ignore[call-arg]  # gevent's own: do not wait
        except BlockingIOError:
            return 0
        except TimeoutError:
            return 0
        except OSError:
            self._die()
            return 0

    def _enqueue(self, frame: bytes) -> None:
        self._queue.append(frame)
        self._bytes_queued += len(frame)
        if not self._flusher:  # there is none, or it has ended
            self._flusher = gevent.spawn(self._flush)

    def _drop_waiting(self) -> None:
        begun = [self._queue[0]] if self._queue and self._started else []
        self._queue = deque(begun)
        self._bytes_queued = sum(map(len, begun))

    def _flush(self) -> None:
        while self._queue and self._state is not _DEAD:
            try:
                wait_write(self._sock.fileno(), timeout=self._stall_s)
            except TimeoutError:
                self._stalled()
                continue
            except OSError:
                self._die()
                break
            self._send_queued()

    def _send_queued(self) -> None:
        while self._queue and self._state is not _DEAD:
            frame = self._queue[0]
            sent = self._send(frame)
            self._bytes_queued -= sent
            if sent < len(frame):
                self._started = self._started or sent > 0
                self._queue[0] = frame[sent:]
                return
            self._queue.popleft()
            self._started = False

    def _stalled(self) -> None:
        # The first time it gets the reason; if it does not read even that, it is disconnected.
        if self._state is _CLOSING:
            self._die()
        else:
            self._on_slow()

    def _die(self) -> None:
        if self._state is not _DEAD:
            self._state = _DEAD
            self._empty()
            self._on_dead()

    def _empty(self) -> None:
        self._queue.clear()
        self._bytes_queued = 0


def _nothing() -> None:
    return None
