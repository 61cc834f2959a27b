"""One channel of one process: who listens, and from where on each is sent what is pushed.

A listener joins in two steps: from `join` on pushes are kept for it, and `joined` gives it those
its snapshot did not cover. So nothing falls between the snapshot and the stream.

A frame for many listeners is sent by a greenlet of its own, which gives way to others after every
TURN of them: bids are not held up by thousands of viewers. Each listener gets the frames of the
channel in their order all the same.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Final, Protocol

import gevent
import structlog

log = structlog.get_logger()

TURN: Final = 100  # listeners that are sent a frame before others have their turn, about 1 ms
WAITING_MAX: Final = 1_000  # frames of a channel; beyond them nobody else has a turn

Held = list[tuple[int, bytes]]


class Listener(Protocol):
    """Something frames can be sent to."""

    def push(self, frame: bytes) -> None:
        """Send a frame; must not block."""


@dataclass(slots=True)
class _Joining:
    """What was pushed since the number `last`, which the snapshot covers."""

    last: int
    kept: Held = field(default_factory=list)


class Channel:
    """Pushes carry a rising number: a version, or a place in the log.

    After a break of the stream it is on hold, until what was missed is filled in.
    """

    __slots__ = ("_held", "_joining", "_listeners", "_waiting", "last")

    def __init__(self) -> None:
        self.last = -1  # the number of the newest push
        self._listeners: dict[Listener, int] = {}  # each with the newest number it has
        self._joining: dict[Listener, _Joining] = {}  # those who join again are in both
        self._held: Held | None = None
        # What was pushed and is not yet sent to everybody, the first being sent; None: no number.
        self._waiting: deque[tuple[int | None, bytes]] = deque()

    def __len__(self) -> int:
        """How many listen."""
        if not self._joining:
            return len(self._listeners)
        return len(self._listeners.keys() | self._joining.keys())

    @property
    def is_sending(self) -> bool:
        """Whether a frame is still being sent."""
        return bool(self._waiting)

    @property
    def covered(self) -> int:
        """What every listener has at least, once all is sent."""
        return max(self.last, min(self._listeners.values(), default=-1))

    @property
    def newest(self) -> int:
        """The newest number any listener has, once all is sent."""
        return max(self.last, max(self._listeners.values(), default=-1))

    def join(self, listener: Listener) -> None:
        """Keep what is pushed from now on."""
        if listener in self._listeners:
            for number, frame in self._waiting:
                if number is not None:
                    self._send(listener, number, frame)
        self._joining[listener] = _Joining(self.last)

    def joined(self, listener: Listener, covered: int) -> None:
        """The listener has everything up to `covered`: give it the rest."""
        joining = self._joining.pop(listener, None)
        if joining is None:
            return  # left while its snapshot was read
        self._listeners[listener] = max(covered, joining.last)
        self._send_kept(listener, joining)

    def not_joined(self, listener: Listener) -> bool:
        """There was no snapshot: as before `join`. Whether the listener still listens."""
        joining = self._joining.pop(listener, None)
        if listener not in self._listeners:
            return False
        if joining is not None:
            self._send_kept(listener, joining)
        return True

    def leave(self, listener: Listener) -> None:
        """Send it nothing more."""
        self._listeners.pop(listener, None)
        self._joining.pop(listener, None)

    def push(self, number: int, frame: bytes) -> None:
        """To everybody who does not have it, once no hold keeps it back."""
        if self._held is None:
            self.fill(number, frame)
        else:
            self._held.append((number, frame))

    def hold(self) -> Held:
        """Keep what is pushed from now on, and no more what an earlier hold has kept."""
        self._held = []
        return self._held

    def release(self, held: Held) -> None:
        """All before `held` has been filled in: push it, unless there was another hold since."""
        if self._held is not held:
            return
        self._held = None
        for number, frame in held:
            self.fill(number, frame)

    def fill(self, number: int, frame: bytes) -> None:
        """As `push`, whatever is on hold; numbers that do not rise are dropped."""
        if number <= self.last:
            return
        self.last = number
        for joining in self._joining.values():
            joining.kept.append((number, frame))
        self._send_soon(number, frame)

    def push_unnumbered(self, frame: bytes) -> None:
        """To everybody who has joined, once: for what is not kept, such as presence."""
        self._send_soon(None, frame)

    def _send_soon(self, number: int | None, frame: bytes) -> None:
        """Now, if there are few listeners and nothing goes before it."""
        self._waiting.append((number, frame))
        if len(self._waiting) > 1:
            return  # a greenlet is at it
        if len(self._listeners) <= TURN:
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
            for start in range(0, len(listeners), TURN):
                if start and len(self._waiting) <= WAITING_MAX:
                    gevent.sleep(0)
                for listener in listeners[start : start + TURN]:
                    self._send(listener, number, frame)
        finally:
            self._waiting.popleft()

    def _send(self, listener: Listener, number: int | None, frame: bytes) -> None:
        """Unless it has the frame, has left, or joins: then it is kept, or in its snapshot."""
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
