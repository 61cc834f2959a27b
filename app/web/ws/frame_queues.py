"""Frames of one socket that wait for a store: carried out beside its reading, in order per queue.

A queue is what must keep its order, such as a channel. Queues of one kind (what stands before the
colon of a name) ask one store: only a few of them are carried out at the same time, so that one
socket leaves the connections of that store to others. Queues of different kinds never wait for each
other.
"""

from collections import deque
from collections.abc import Callable

import gevent
from gevent.lock import BoundedSemaphore

from app.domain.errors import BusyError

Job = Callable[[], None]


class FrameQueues:
    """At most `frames_max` frames of one socket, those under way included.

    Of one kind at most `at_once_max` are under way.
    """

    def __init__(self, *, frames_max: int, at_once_max: int) -> None:
        self._frames_max, self._at_once_max = frames_max, at_once_max
        self._queues: dict[str, deque[Job]] = {}
        self._turns: dict[str, BoundedSemaphore] = {}  # by kind: there are seven

    def __len__(self) -> int:
        """How many frames have not been carried out."""
        return sum(map(len, self._queues.values()))

    @property
    def is_empty(self) -> bool:
        """Whether every frame has been carried out."""
        return not self._queues

    def waiting(self, name: str) -> int:
        """How many frames of this queue have not been carried out, the one under way included."""
        return len(self._queues.get(name, ()))

    def put(self, name: str, job: Job) -> None:
        """Carry out `job`, which must not raise, after all others of its queue.

        Raises BusyError when too many wait already; then it is not carried out.
        """
        if len(self) >= self._frames_max:
            raise BusyError("too many frames of this socket wait already")
        queue = self._queues.get(name)
        if queue is None:
            self._queues[name] = deque([job])
            gevent.spawn(self._run, name)
        else:
            queue.append(job)

    def _run(self, name: str) -> None:
        queue, turns = self._queues[name], self._turns_of(name.partition(":")[0])
        while queue:
            with turns:
                try:
                    queue[0]()
                finally:
                    queue.popleft()
        del self._queues[name]

    def _turns_of(self, kind: str) -> BoundedSemaphore:
        turns = self._turns.get(kind)
        if turns is None:
            turns = self._turns[kind] = BoundedSemaphore(self._at_once_max)
        return turns
