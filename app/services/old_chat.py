"""Chat messages that are deleted when they are old, room by room."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from app.services.housekeeping import OLD_CHAT, Removed

ROOMS_AT_ONCE = 200  # a million rooms are looked at in four days


class OldRooms(Protocol):
    """Which rooms may have old messages."""

    def opened_before(self, moment: datetime, *, after_id: int, limit: int) -> list[int]:
        """The ids of rooms, ascending. Raises BusyError."""
        ...


class StoredChat(Protocol):
    """The store of messages."""

    def delete_before(self, room_id: int, moment: datetime, *, limit: int) -> int:
        """Delete a room's oldest messages, `limit` at most; how many. Raises BusyError."""
        ...


class Bookmark(Protocol):
    """Up to which room a round has come. May be lost: the round begins anew."""

    def read(self) -> int:
        """The id of the last room that was looked at; 0 at the beginning. Raises BusyError."""
        ...

    def write(self, room_id: int) -> None:
        """Remember it. Raises BusyError."""
        ...


class OldChat:
    """Deletes messages of more than `days` days ago, a few rooms at a time, round and round.

    By room, because a room's messages have an index in their order: one on their times would cost
    every message.
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
        """Look at the next rooms, up to the first that has more than `limit` old messages."""
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
