"""Deletes old chat messages, room by room."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from app.services.housekeeping import OLD_CHAT, Removed

ROOMS_AT_ONCE = 200  # a million rooms are looked at in four days


class OldRooms(Protocol):
    """Rooms that may have old messages."""

    def opened_before(self, moment: datetime, *, after_id: int, limit: int) -> list[int]:
        """Return the ids of rooms opened before, ascending. Raise BusyError."""
        ...


class StoredChat(Protocol):
    """The store of messages."""

    def delete_before(self, room_id: int, moment: datetime, *, limit: int) -> int:
        """Delete at most `limit` of a room's oldest messages; return how many. Raise BusyError."""
        ...


class Bookmark(Protocol):
    """The room a round has reached. May be lost: the round then starts again."""

    def read(self) -> int:
        """Return the id of the last room; 0 at the start. Raise BusyError."""
        ...

    def write(self, room_id: int) -> None:
        """Store the id of the last room. Raise BusyError."""
        ...


class OldChat:
    """Deletes messages older than `days` days, a few rooms at a time, in rounds.

    By room, because a room's messages have an index in their order: an index on their times would
    cost every message.
    """

    name = OLD_CHAT

    def __init__(
        self,
        rooms: OldRooms,
        chat: StoredChat,
        bookmark: Bookmark,
        *,
        days: int,
        clock: Callable[[], datetime],
    ) -> None:
        self._rooms, self._chat, self._bookmark = rooms, chat, bookmark
        self._age, self._clock = timedelta(days=days), clock

    def remove(self, limit: int) -> Removed:
        """Go through the next rooms, up to the first that has more than `limit` old messages."""
        moment = self._clock() - self._age
        reached = self._bookmark.read()
        ids = self._rooms.opened_before(moment, after_id=reached, limit=ROOMS_AT_ONCE)
        total = 0
        for room_id in ids:
            deleted = self._chat.delete_before(room_id, moment, limit=limit)
            total += deleted
            if deleted == limit:
                self._bookmark.write(reached)
                return Removed(total, more=True)
            reached = room_id
        self._bookmark.write(reached if len(ids) == ROOMS_AT_ONCE else 0)
        return Removed(total, more=False)
