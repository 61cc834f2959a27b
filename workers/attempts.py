"""One task's attempts at a lane: again after a conflict, a few times, and then the records at which
every attempt has met one are given up.

The rest of the lane is not: a lane that others settle is advancing.
"""

from collections.abc import Collection
from dataclasses import dataclass

from app.observability import metrics
from app.services.lanes import LaneTopic
from workers.lanes import ContendedError, LaneSettler
from workers.verdicts import still_stuck


@dataclass(frozen=True, slots=True)
class Attempts:
    """`retries_max` more attempts than the first one."""

    settler: LaneSettler
    retries_max: int

    def attempt(
        self, lane: LaneTopic, key: str, *, retries: int, stuck: Collection[int] | None
    ) -> frozenset[int] | None:
        """Settle the lane; None when that is all, else what to try again with as `stuck`.

        `retries`: how many attempts there were before. `stuck`: the offsets at which all of them
        have met a conflict. Raises OutageError, and what loading the lane raises.
        """
        topic = lane.topic.name
        try:
            self.settler.settle(lane, key)
        except ContendedError as conflict:
            metrics.CONFLICTS.labels(topic).inc()
            offsets = still_stuck(stuck, conflict.offsets)
            if retries < self.retries_max:
                metrics.RETRIES.labels(topic).inc()
                return offsets
            metrics.EXHAUSTED.labels(topic).inc()
            self.settler.give_up(lane, key, offsets, attempts=retries + 1)
        return None
