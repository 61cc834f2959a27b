"""Frames of one socket that wait for a store: carried out beside its reading, in order per queue.

A queue is what must keep its order, such as a channel; different queues wait for different things
and do not wait for each other.
"""

from collections import deque
from collections.abc import Callable

import gevent

from app.domain.errors import BusyError

Job = Callable[[], None]


class FrameQueues:
    """At most `frames_max` frames of one socket, those under way included."""

    def __init__(self, *, frames_max: int) -> None:
        self._frames_max = frames_max
        self._queues: dict[str, deque[Job]] = {}

    def __len__(self) -> int:
        """How many frames have not been carried out."""
        return sum(map(len, self._queues.values()))

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

    def clear(self) -> None:
        """Forget what is not under way."""
        for queue in self._queues.values():
            under_way = queue[0]
            queue.clear()
            queue.append(under_way)

    def _run(self, name: str) -> None:
        queue = self._queues[name]
        while queue:
            try:
                queue[0]()
            finally:
                queue.popleft()
        del self._queues[name]
