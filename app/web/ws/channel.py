"""One channel of one process: who listens, and from where on each is owed what is pushed.

A listener joins in two steps: from `join` on pushes are kept for it, and `joined` gives it those
its snapshot did not cover. So nothing falls between the snapshot and the stream.
"""

from typing import Protocol

Held = list[tuple[int, bytes]]


class Listener(Protocol):
    """Something frames can be sent to."""

    def push(self, frame: bytes) -> None:
        """Send a frame; must not block."""


class Channel:
    """Pushes carry a rising number: a version, or a place in the log.

    After a break of the stream it is on hold, until what was missed is filled in.
    """

    __slots__ = ("_held", "_joining", "_listeners", "last")

    def __init__(self) -> None:
        self.last = -1  # the number of the newest push
        self._listeners: dict[Listener, int] = {}
        self._joining: dict[Listener, Held] = {}  # those who join again are in both
        self._held: Held | None = None

    def __len__(self) -> int:
        """How many listen."""
        return len(self._listeners.keys() | self._joining.keys())

    @property
    def covered(self) -> int:
        """What every listener has at least."""
        return max(self.last, min(self._listeners.values(), default=-1))

    @property
    def newest(self) -> int:
        """The newest number any listener has."""
        return max(self.last, max(self._listeners.values(), default=-1))

    def join(self, listener: Listener) -> None:
        """Keep what is pushed from now on."""
        self._joining[listener] = []

    def joined(self, listener: Listener, covered: int) -> None:
        """The listener has everything up to `covered`: give it the rest."""
        kept = self._joining.pop(listener, None)
        if kept is None:
            return  # left while its snapshot was read
        self._listeners[listener] = covered
        self._push_kept(listener, kept)

    def not_joined(self, listener: Listener) -> bool:
        """There was no snapshot: as before `join`. Whether the listener still listens."""
        kept = self._joining.pop(listener, None)
        if listener not in self._listeners:
            return False
        self._push_kept(listener, kept or [])
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
        for kept in self._joining.values():
            kept.append((number, frame))
        for listener, covered in list(self._listeners.items()):
            if number > covered and listener not in self._joining:
                listener.push(frame)

    def tell(self, frame: bytes) -> None:
        """To everybody who has joined, once: for what is not kept, such as presence."""
        for listener in list(self._listeners):
            listener.push(frame)

    def _push_kept(self, listener: Listener, kept: Held) -> None:
        covered = self._listeners[listener]
        for number, frame in kept:
            if number > covered:
                listener.push(frame)
