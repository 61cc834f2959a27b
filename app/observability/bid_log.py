"""The steps of a bid in the logs: one line a step, under the bid's id, in every process.

A line costs more than deciding the bid. So under load only every n-th bid is logged, and always
the same ones everywhere, because its id says whether it is one of them.
"""

import structlog

log = structlog.get_logger()

_EVERY = 1


def set_sample_rate(number: int) -> None:
    """From now on, in this process, log the steps of one bid in `number` (1 or more)."""
    global _EVERY  # noqa: PLW0603 - as global as the logs it writes
    _EVERY = number


def log_bid_step(step: str, bid_id: str, **fields: object) -> None:
    """Log a step on the way of a bid (its UUID as text), if that bid is one of those logged."""
    # The end of a UUIDv5 is as good as random.
    if int(bid_id[-8:], 16) % _EVERY == 0:
        log.info(step, bid_id=bid_id, **fields)
