"""Threads of the campaign, and how long they pause when a gateway is away."""

import random
import threading

RETRY_FIRST_S, RETRY_MAX_S = 0.5, 15.0  # wire.md, Reconnect


class StoppableThread(threading.Thread):
    """A thread whose `run` ends soon after `stop`; join it to wait for that."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Stop soon."""
        self._stopping.set()


class Backoff:
    """Pauses with full jitter, from half a second doubling to fifteen."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._bound_s = RETRY_FIRST_S

    def next_s(self) -> float:
        """How long to wait before the next try."""
        pause_s = self._rng.uniform(0, self._bound_s)
        self._bound_s = min(2 * self._bound_s, RETRY_MAX_S)
        return pause_s

    def reset(self) -> None:
        """The last try succeeded."""
        self._bound_s = RETRY_FIRST_S
