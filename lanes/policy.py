"""The limit of dead letters of a lane and of a partition.

A few bad records become dead letters; when everything fails, the code is at fault, and the rest
waits in a parked lane or partition for an operator.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DeadLetterLimit:
    """How many dead letters a lane and a partition may have within `window_s` seconds."""

    per_lane: int
    per_partition: int
    window_s: float

    def quota(self, recent: tuple[int, int]) -> int:
        """Return how many more dead letters are allowed after `recent` ones of lane and
        partition."""
        of_lane, of_partition = recent
        return max(0, min(self.per_lane - of_lane, self.per_partition - of_partition))

    def partition_quota(self, recent: tuple[int, int]) -> int:
        """As `quota`, for consumers that park whole partitions: the limit per lane does not
        apply."""
        return max(0, self.per_partition - recent[1])
