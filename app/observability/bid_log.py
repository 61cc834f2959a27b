"""The steps of a bid in the logs: one line a step, under the bid's id, in every process.

A line costs more than deciding the bid. A process that takes few steps logs each of them; beyond
`steps_per_s` it logs those of one bid in `every`, always the same ones everywhere, because the id
of a bid says whether it is one of them.
"""

import time

import structlog

log = structlog.get_logger()


class _Sample:
    """The sample of bids whose steps are logged in this process."""

    def __init__(self, *, every: int, steps_per_s: int) -> None:
        self._every, self._steps_per_s = every, steps_per_s
        self._second, self._left = 0, 0

    def includes(self, bid_id: str) -> bool:
        # The end of a UUIDv5 is as good as random.
        return int(bid_id[-8:], 16) % self._every == 0 or self._has_quota()

    def _has_quota(self) -> bool:
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._left = second, self._steps_per_s
        self._left = max(-1, self._left - 1)
        return self._left >= 0


_sample = _Sample(every=1, steps_per_s=0)


def set_sample(*, every: int, steps_per_s: int) -> None:
    """From now on, in this process, log so many steps a second, beyond them one bid in `every`."""
    global _sample  # noqa: PLW0603 - as global as the logs it writes
    _sample = _Sample(every=every, steps_per_s=steps_per_s)


def log_bid_step(step: str, bid_id: str, **fields: object) -> None:
    """Log a step on the way of a bid (its UUID as text), if that bid is one of those logged."""
    if _sample.includes(bid_id):
        log.info(step, bid_id=bid_id, **fields)
