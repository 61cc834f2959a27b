"""The attempts of one task at a lane: after a conflict it tries again, a few times; then the
records on which every attempt met a conflict become dead letters.

The rest of the lane does not: a lane that other workers settle is advancing.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Generic

from lanes import metrics
from lanes.failures import still_conflicting
from lanes.handler import LaneTopic
from lanes.ports import T
from lanes.settle import ContendedError, LaneSettler


@dataclass(frozen=True, slots=True)
class Attempts(Generic[T]):
    """`retries_max` more attempts than the first one."""

    settler: LaneSettler[T]
    retries_max: int

    def attempt(
        self, lane: LaneTopic[T], key: str, *, retries: int, stuck: Collection[int] | None
    ) -> frozenset[int] | None:
        """Settle the lane; return None when done, else the value of `stuck` for the next attempt.

        `retries`: the number of attempts before. `stuck`: the offsets on which all of them met a
        conflict. Raise OutageError, and what loading the lane raises.
        """
        topic = lane.topic.name
        try:
            self.settler.settle(lane, key)
        except ContendedError as conflict:
            metrics.CONFLICTS.labels(topic).inc()
            offsets = still_conflicting(stuck, conflict.offsets)
            if retries < self.retries_max:
                metrics.RETRIES.labels(topic).inc()
                return offsets
            metrics.EXHAUSTED.labels(topic).inc()
            self.settler.give_up(lane, key, offsets, attempts=retries + 1)
        return None
