"""Rate limits: a burst, and then a steady rate."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Rate:
    """A token bucket of `burst` tokens, filled by `per_s` a second; `name` says what it limits."""

    name: str
    per_s: float
    burst: int

    @property
    def interval_s(self) -> float:
        """The seconds in which one token is refilled."""
        return 1 / self.per_s

    @property
    def ahead_s(self) -> float:
        """The seconds by which a caller with tokens left may be ahead of an even rate."""
        return self.interval_s * (self.burst - 1)


class Rates(Protocol):
    """The token buckets of all callers, shared by all processes."""

    def consume(self, rate: Rate, who: int | str) -> None:
        """Consume one token of `who`. Raise RateLimitedError, with the seconds until the next
        token.

        A refused call consumes no token, so a caller who waits that long is admitted.
        """
