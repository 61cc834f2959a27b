"""One channel of one process: its listeners, and the number from which each gets what is pushed.

A listener joins in two steps: from `join` on pushes are kept for it, and `joined` sends those its
snapshot did not cover. So nothing is lost between the snapshot and the stream. A frame for many
listeners is sent by a greenlet of its own, which yields after every SEND_BATCH of them, so bids are
not delayed by thousands of viewers. Each listener still gets the frames of the channel in order.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Final, Protocol

import gevent
import structlog

from app.web.turns import NEXT_TURN_S

log = structlog.get_logger()

SEND_BATCH: Final = 100  # listeners that are sent a frame before others have their turn, about 1 ms
WAITING_MAX: Final = 1_000  # frames of a channel that may wait; more would starve other channels

HeldFrames = list[tuple[int, bytes]]


class Listener(Protocol):
    """A receiver of frames."""

    def push(self, frame: bytes) -> None:
        """Send a frame; must not block."""


@dataclass(slots=True)
class _Joining:
    """The pushes since the number `last`, which the snapshot covers."""

    last: int
    kept: HeldFrames = field(default_factory=list)


class Channel:
    """Pushes have a rising number: a version, or an offset.

    After a gap in the stream it is on hold, until the missed pushes are filled in.
    """

    __slots__ = ("_held", "_joining", "_listeners", "_waiting", "last")

    def __init__(self) -> None:
        self.last = -1  # the number of the newest push
        self._listeners: dict[Listener, int] = {}  # each with the newest number it has
        self._joining: dict[Listener, _Joining] = {}  # a subscriber that joins again is in both
        self._held: HeldFrames | None = None
        # What was pushed and is not yet sent to everybody, the first being sent; None: no number.
        self._waiting: deque[tuple[int | None, bytes]] = deque()

    def __len__(self) -> int:
        """Return the number of listeners."""
        if not self._joining:
            return len(self._listeners)
        return len(self._listeners.keys() | self._joining.keys())

    @property
    def is_sending(self) -> bool:
        """Whether a frame is still being sent."""
        return bool(self._waiting)

    @property
    def covered(self) -> int:
        """The number that every listener has at least, once all is sent."""
        return max(self.last, min(self._listeners.values(), default=-1))

    @property
    def newest(self) -> int:
        """The newest number any listener has, once all is sent."""
        return max(self.last, max(self._listeners.values(), default=-1))

    def join(self, listener: Listener) -> None:
        """Keep pushes for the listener from now on."""
        if listener in self._listeners:
            for number, frame in self._waiting:
                if number is not None:
                    self._send(listener, number, frame)
        self._joining[listener] = _Joining(self.last)

    def joined(self, listener: Listener, covered: int) -> None:
        """Send the kept pushes after `covered`, which the listener's snapshot includes."""
        joining = self._joining.pop(listener, None)
        if joining is None:
            return  # left while its snapshot was read
        self._listeners[listener] = max(covered, joining.last)
        self._send_kept(listener, joining)

    def not_joined(self, listener: Listener) -> bool:
        """Undo `join` after a snapshot that failed; return whether it is still a listener."""
        joining = self._joining.pop(listener, None)
        if listener not in self._listeners:
            return False
        if joining is not None:
            self._send_kept(listener, joining)
        return True

    def leave(self, listener: Listener) -> None:
        """Remove the listener."""
        self._listeners.pop(listener, None)
        self._joining.pop(listener, None)

    def push(self, number: int, frame: bytes) -> None:
        """Send to every listener that does not have it, once there is no hold."""
        if self._held is None:
            self.fill(number, frame)
        else:
            self._held.append((number, frame))

    def hold(self) -> HeldFrames:
        """Keep pushes from now on, and drop those of an earlier hold."""
        self._held = []
        return self._held

    def release(self, held: HeldFrames) -> None:
        """Push the frames of `held`, after all before them was filled in, unless there was another
        hold since."""
        if self._held is not held:
            return
        self._held = None
        for number, frame in held:
            self.fill(number, frame)

    def fill(self, number: int, frame: bytes) -> None:
        """As `push`, also on hold; numbers that do not rise are dropped."""
        if number <= self.last:
            return
        self.last = number
        for joining in self._joining.values():
            joining.kept.append((number, frame))
        self._send_soon(number, frame)

    def push_unnumbered(self, frame: bytes) -> None:
        """Send once to every listener that has joined: for frames that are not kept, such as
        presence."""
        self._send_soon(None, frame)

    def _send_soon(self, number: int | None, frame: bytes) -> None:
        """Send now, if there are few listeners and no frame is waiting."""
        self._waiting.append((number, frame))
        if len(self._waiting) > 1:
            return  # a greenlet is at it
        if len(self._listeners) <= SEND_BATCH:
            self._send_first()
        else:
            gevent.spawn(self._send_waiting)

    def _send_waiting(self) -> None:
        while self._waiting:
            try:
                self._send_first()
            except Exception:
                log.exception("push_failed")

    def _send_first(self) -> None:
        number, frame = self._waiting[0]
        listeners = list(self._listeners)
        try:
            for start in range(0, len(listeners), SEND_BATCH):
                if start and len(self._waiting) <= WAITING_MAX:
                    # The sockets are looked at in between, unless the next frame has come.
                    gevent.sleep(NEXT_TURN_S if len(self._waiting) == 1 else 0)
                for listener in listeners[start : start + SEND_BATCH]:
                    self._send(listener, number, frame)
        finally:
            self._waiting.popleft()

    def _send(self, listener: Listener, number: int | None, frame: bytes) -> None:
        """Send unless the listener has the frame, has left, or is joining: then it is kept, or in
        its snapshot."""
        covered = self._listeners.get(listener)
        if covered is None or listener in self._joining:
            return
        if number is not None:
            if number <= covered:
                return
            self._listeners[listener] = number
        listener.push(frame)

    def _send_kept(self, listener: Listener, joining: _Joining) -> None:
        for number, frame in joining.kept:
            self._send(listener, number, frame)
