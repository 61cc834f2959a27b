"""Chat: sending messages to a room's lane, and reading them.

A message's id is derived from sender, room and key, its seq is the offset of its record. A room
shows the message store and the capped list of newest messages, which the store may not have yet.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from app.domain.errors import ForbiddenError, NotFoundError, UnknownFateError
from app.domain.ids import message_id
from app.domain.time import rfc3339
from app.protocol.records import ChatMessageValue
from app.protocol.resources import ChatMessage
from app.protocol.topics import CHAT_MESSAGE
from app.services.log import Log, RecordMetadata
from app.services.nicknames import Nicknames
from app.services.rates import Rate, Rates
from app.services.ttl_cache import TtlCache
from app.settings import Limits

MEMBERS_CACHED_MAX = 50_000
MEMBER_TTL_S = 30.0  # leaving is known by an event; this is for lost events
TRUNCATED_TAIL = 50  # wire.md: the newest 50 when there were too many


@dataclass(frozen=True, slots=True)
class ChatDraft:
    """A message whose shape has been checked, before it is sent."""

    sender_id: int
    room_id: int
    text: str
    key: str


@dataclass(frozen=True, slots=True)
class RoomSnapshot:
    """Messages ascending by seq; `truncated`: older ones after the requested seq were left out."""

    messages: list[ChatMessage]
    truncated: bool


class Membership(Protocol):
    """The members of rooms."""

    def room_exists(self, room_id: int) -> bool:
        """Return whether there is such a room."""
        ...

    def is_member(self, room_id: int, user_id: int) -> bool:
        """Return whether the user is a member."""
        ...


class Messages(Protocol):
    """Stored messages."""

    def after(self, room_id: int, seq: int, limit: int) -> list[ChatMessage]:
        """Return the oldest `limit` messages after `seq`, ascending."""
        ...

    def before(self, room_id: int, seq: int | None, limit: int) -> list[ChatMessage]:
        """Return the newest `limit` messages before `seq` (None: of all), ascending."""
        ...


class RoomTail(Protocol):
    """The capped list of a room's newest messages."""

    def newest(self, room_id: int) -> list[ChatMessage]:
        """Return the whole list, ascending; empty when it is lost."""
        ...


class Chat:
    """The use-cases of chat."""

    def __init__(
        self,
        log: Log,
        *,
        membership: Membership,
        messages: Messages,
        tail: RoomTail,
        nicknames: Nicknames,
        rates: Rates,
        limits: Limits,
        clock: Callable[[], datetime],
    ) -> None:
        self._log, self._membership, self._clock = log, membership, clock
        self._messages, self._tail, self._nicknames = messages, tail, nicknames
        self._rates = rates
        self._rate = Rate("chat", limits.chat_messages_per_s, limits.chat_messages_burst)
        self._members: TtlCache[tuple[int, int], bool] = TtlCache(
            MEMBERS_CACHED_MAX, ttl_s=MEMBER_TTL_S, is_spread=True
        )

    def send_soon(self, draft: ChatDraft, done: Callable[[UUID | UnknownFateError], None]) -> None:
        """Append the message to Kafka; `done` gets its id, or UnknownFateError, later.

        Raise NotFoundError, ForbiddenError (`NOT_MEMBER`), RateLimitedError and BusyError: then the
        message was not appended.
        """
        self._rates.consume(self._rate, draft.sender_id)
        self.check_member(draft.room_id, draft.sender_id)
        self._log.check(CHAT_MESSAGE)
        message = message_id(draft.sender_id, draft.room_id, draft.key)

        def appended(result: RecordMetadata | UnknownFateError) -> None:
            done(result if isinstance(result, UnknownFateError) else message)

        value = msgspec.json.encode(self._value(draft, message))
        self._log.append_soon(CHAT_MESSAGE, key=draft.room_id, value=value, done=appended)

    def check_member(self, room_id: int, user_id: int) -> None:
        """Raise NotFoundError for an unknown room, ForbiddenError (`NOT_MEMBER`) for a user who has
        not joined it."""
        if self._members.get((room_id, user_id)):
            return
        if not self._membership.is_member(room_id, user_id):
            if not self._membership.room_exists(room_id):
                raise NotFoundError("no such room")
            raise ForbiddenError("NOT_MEMBER", "join the room first")
        self._members.put((room_id, user_id), True)  # noqa: FBT003

    def member_left(self, room_id: int, user_id: int) -> None:
        """Remove the user's membership from the cache."""
        self._members.forget((room_id, user_id))

    def history(
        self, room_id: int, *, before_seq: int | None, after_seq: int | None, limit: int
    ) -> list[ChatMessage]:
        """Return a page of stored messages, ascending. Raise BusyError when the store does not
        answer."""
        if after_seq is not None:
            found = self._messages.after(room_id, after_seq, limit)
        else:
            found = self._messages.before(room_id, before_seq, limit)
        return self._nicknames.name(found)

    def snapshot(self, room_id: int, *, after_seq: int | None, limit: int) -> RoomSnapshot:
        """Return the messages a new subscriber has missed; call it after the room's channel is
        subscribed."""
        since = -1 if after_seq is None else after_seq  # the first offset of all is 0
        tail = self._tail.newest(room_id)
        stored = self._messages.after(room_id, since, limit + 1)
        found = _merged(stored, [message for message in tail if message.seq > since])
        if len(found) <= limit:
            return RoomSnapshot(self._nicknames.name(found), truncated=False)
        newest = _merged(self._messages.before(room_id, None, TRUNCATED_TAIL), tail)
        return RoomSnapshot(self._nicknames.name(newest[-TRUNCATED_TAIL:]), truncated=True)

    def missed(self, room_id: int, *, after_seq: int, limit: int) -> Iterator[ChatMessage]:
        """Yield all messages after `after_seq`, ascending, read `limit` at a time. Raise
        BusyError."""
        found = self.snapshot(room_id, after_seq=after_seq, limit=limit)
        while found.truncated:
            page = self._messages.after(room_id, after_seq, limit)
            if not page:
                break  # what is not stored yet is in the snapshot, as much of it as there is
            yield from self._nicknames.name(page)
            after_seq = page[-1].seq
            found = self.snapshot(room_id, after_seq=after_seq, limit=limit)
        yield from found.messages

    def _value(self, draft: ChatDraft, message: UUID) -> ChatMessageValue:
        return ChatMessageValue(
            v=1,
            message_id=message,
            room_id=draft.room_id,
            sender_id=draft.sender_id,
            text=draft.text,
            key=draft.key,
            sent_at=rfc3339(self._clock()),
        )


def _merged(*lists: Sequence[ChatMessage]) -> list[ChatMessage]:
    # The same message may lie in both at two offsets: the first record's seq holds.
    by_id: dict[str, ChatMessage] = {}
    for message in (message for messages in lists for message in messages):
        known = by_id.get(message.message_id)
        if known is None or message.seq < known.seq:
            by_id[message.message_id] = message
    return sorted(by_id.values(), key=lambda message: message.seq)
