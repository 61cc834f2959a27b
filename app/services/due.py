"""The starts and closes that are due, as records for `auction-bid`."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import msgspec

from app.protocol.records import CloseValue, StartValue
from app.protocol.topics import AUCTION_BID
from lanes import OutboxMessage


class DueStore(Protocol):
    """Auctions by their next start or end."""

    def due_starts(self, now: datetime) -> list[int]:
        """Return scheduled auctions whose start has passed."""

    def due_ends(self, now: datetime) -> list[int]:
        """Return open auctions whose effective end has passed."""

    def next_due(self) -> datetime | None:
        """Return the earliest start or end that is still ahead."""


class DueRecords:
    """Makes records of due starts and closes; one that took no effect is made again."""

    def __init__(self, store: DueStore, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now

    def due(self) -> list[OutboxMessage]:
        """Return one record per due auction."""
        now = self._now()
        starts = [_message(StartValue(1, due)) for due in self._store.due_starts(now)]
        closes = [_message(CloseValue(1, due)) for due in self._store.due_ends(now)]
        return starts + closes

    def seconds_to_next(self) -> float | None:
        """Return the seconds until the next start or end; negative when it has passed."""
        upcoming = self._store.next_due()
        return None if upcoming is None else (upcoming - self._now()).total_seconds()


def _message(value: StartValue | CloseValue) -> OutboxMessage:
    payload = msgspec.json.encode(value).decode()
    return OutboxMessage(AUCTION_BID.name, str(value.auction_id), payload)
