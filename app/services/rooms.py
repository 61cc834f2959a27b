"""Chat rooms and their members; joins and leaves are published through the outbox."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Literal, Protocol

import msgspec

from app.domain.errors import ForbiddenError
from app.domain.time import rfc3339
from app.protocol.records import VERSION, ChatEventValue
from app.protocol.resources import ChatMessage, Listed, Page, Room
from app.services.pages import page_by_id


class Rooms(Protocol):
    """Stored rooms. All raise BusyError when the store cannot answer."""

    def of_auction(self, auction_id: int) -> tuple[int, bool]:
        """The auction's room, and whether it is new. Raises NotFoundError."""
        ...

    def room(self, room_id: int, viewer_id: int) -> Room:
        """The room. Raises NotFoundError."""
        ...

    def joined(self, user_id: int, *, after_id: int | None, limit: int) -> list[Room]:
        """At most `limit` rooms of the user, newest first, after one of them."""
        ...

    def join(self, room_id: int, user_id: int, event: bytes) -> None:
        """Add the member and, if new, the chat event `event`, in one transaction."""

    def leave(self, room_id: int, user_id: int, event: bytes) -> None:
        """Remove the member and, if there was one, add the chat event `event`, in one
        transaction."""


class History(Protocol):
    """Stored messages."""

    def history(
        self, room_id: int, *, before_seq: int | None, after_seq: int | None, limit: int
    ) -> list[ChatMessage]:
        """A page, ascending. Raises BusyError."""
        ...


class RoomService:
    """The use-cases around rooms; sending is in chat."""

    def __init__(self, rooms: Rooms, history: History, *, clock: Callable[[], datetime]) -> None:
        self._rooms, self._history, self._clock = rooms, history, clock

    def open(self, user_id: int, auction_id: int) -> tuple[Room, bool]:
        """The one room of an auction, and whether it is new. Raises NotFoundError."""
        room_id, is_new = self._rooms.of_auction(auction_id)
        return self._rooms.room(room_id, user_id), is_new

    def room(self, user_id: int, room_id: int) -> Room:
        """The room. Raises NotFoundError."""
        return self._rooms.room(room_id, user_id)

    def joined(self, user_id: int, query: Page) -> Listed[Room]:
        """A page of the user's rooms, newest first."""
        return page_by_id(query, "rooms", partial(self._rooms.joined, user_id))

    def join(self, user_id: int, room_id: int) -> Room:
        """The room, joined. Raises NotFoundError."""
        self._rooms.room(room_id, user_id)
        self._rooms.join(room_id, user_id, self._event("enter", room_id, user_id))
        return self._rooms.room(room_id, user_id)

    def leave(self, user_id: int, room_id: int) -> Room:
        """The room, left. Raises NotFoundError."""
        self._rooms.room(room_id, user_id)
        self._rooms.leave(room_id, user_id, self._event("leave", room_id, user_id))
        return self._rooms.room(room_id, user_id)

    def messages(
        self, user_id: int, room_id: int, *, before_seq: int | None, after_seq: int | None,
        limit: int,
    ) -> list[ChatMessage]:  # fmt: skip
        """Messages, ascending. Raises NotFoundError, ForbiddenError (`NOT_MEMBER`)."""
        if not self._rooms.room(room_id, user_id).member:
            raise ForbiddenError("NOT_MEMBER", "join the room first")
        return self._history.history(
            room_id, before_seq=before_seq, after_seq=after_seq, limit=limit
        )

    def _event(self, kind: Literal["enter", "leave"], room_id: int, user_id: int) -> bytes:
        at = rfc3339(self._clock())
        return msgspec.json.encode(ChatEventValue(VERSION, kind, room_id, user_id, at))
