"""Conflates auction states: at most so many a second, each with all bids since the last.

Versions only rise. A close or cancel is pushed at once. Without I/O: the caller passes the time and
sends the result.
"""

from msgspec.structs import replace

from app.domain.auction import ENDED
from app.protocol.outcomes import AuctionState, first_seq

BIDS_MAX = 20  # wire.md: the newest 20


class Conflation:
    """The states of one auction; times are monotonic seconds."""

    __slots__ = ("_interval_s", "_pushed_at", "_version", "_waiting")

    def __init__(self, *, per_s: float) -> None:
        self._interval_s = 1.0 / per_s
        self._pushed_at = float("-inf")  # when the last push was due
        self._version = -1
        self._waiting: AuctionState | None = None

    @property
    def due_at(self) -> float | None:
        """The time to call `pop_due`; None when nothing waits."""
        return None if self._waiting is None else self._pushed_at + self._interval_s

    def offer(self, state: AuctionState, now: float) -> AuctionState | None:
        """Add a state; an older one is dropped. Return the state to push now, if any."""
        if state.version <= self._version:
            return None
        self._version = state.version
        self._waiting = state if self._waiting is None else _merged(self._waiting, state)
        if state.status in ENDED:
            return self._pop(now)
        return self.pop_due(now)

    def pop_due(self, now: float) -> AuctionState | None:
        """Return the waiting state if its time has come."""
        due_at = self.due_at
        return None if due_at is None or now < due_at else self._pop(now)

    def _pop(self, now: float) -> AuctionState | None:
        state, self._waiting = self._waiting, None
        # From when it was due, not from now: else each push that is a little late delays all after.
        due_at = self._pushed_at + self._interval_s
        self._pushed_at = due_at if due_at <= now < due_at + self._interval_s else now
        return state


def _merged(older: AuctionState, newer: AuctionState) -> AuctionState:
    # A hole between the two hides the older: `from_seq` then tells the client of it.
    follows = older.from_seq + len(older.bids) == newer.from_seq
    bids = [*older.bids, *newer.bids] if follows else newer.bids
    bids = bids[-BIDS_MAX:]
    return replace(newer, bids=bids, from_seq=first_seq(bids, newer.bid_count))
