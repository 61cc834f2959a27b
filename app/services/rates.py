"""How often somebody may do something: so many at once, and then so many a second."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Rate:
    """A token bucket of `burst` tokens, filled by `per_s` a second. `name` is what it is for."""

    name: str
    per_s: float
    burst: int

    @property
    def interval_s(self) -> float:
        """The time in which one token comes back."""
        return 1 / self.per_s

    @property
    def ahead_s(self) -> float:
        """How far ahead of an even pace somebody may be who has tokens left."""
        return self.interval_s * (self.burst - 1)


class Rates(Protocol):
    """The buckets of everybody, over all processes."""

    def take(self, rate: Rate, who: int | str) -> None:
        """Take one token of `who`. Raise RateLimitedError, which says when there is one again.

        What is refused takes none, so that whoever waits that long is let in.
        """
