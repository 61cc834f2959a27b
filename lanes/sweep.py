"""The sweep: wakes lanes whose oldest record has waited too long, whatever their flags say.

So a lost wake-up costs time, never a record.
"""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from lanes.settings import LaneLimits
from lanes.wake import Lane, Waker

LANES_MAX = 1_000  # that one sweep wakes


@dataclass(slots=True)
class Sweep:
    """Wakes each late lane at most once in `wake_repeat_s`, and none while many wake-ups wait."""

    waker: Waker
    limits: LaneLimits
    _last_woken: dict[Lane, float] = field(default_factory=dict)

    def run(self, waiting_lanes: Callable[[float, int], Collection[Lane]]) -> None:
        """Wake late lanes; `waiting_lanes` returns at most so many lanes with a record that is
        older than so many seconds."""
        limits = self.limits
        if self.waker.waiting(at_most=limits.wakes_waiting_max) >= limits.wakes_waiting_max:
            return
        now, repeat_s = time.monotonic(), limits.wake_repeat_s
        self._last_woken = {
            lane: at for lane, at in self._last_woken.items() if now - at < repeat_s
        }
        waiting = waiting_lanes(repeat_s, LANES_MAX)
        late = [lane for lane in waiting if lane not in self._last_woken]
        self.waker.enqueue(late)
        self._last_woken |= dict.fromkeys(late, now)
