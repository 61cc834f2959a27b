"""I14: each chat message is stored once, under the offset of its first record, and pushed as
stored.

Compares the topic, as far back as it is retained, the store, and each room's capped list. What
clients received is compared by `journal_audit`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Never, Protocol, TypeVar

from app.protocol.records import ChatMessageValue, chat_message_decoder
from app.protocol.topics import AUCTION_BID, CHAT_MESSAGE, SAVE_GROUP
from app.services.auditing.events import CLOCKS_APART_MAX
from app.services.auditing.rows import AuctionRows, T_contra
from app.services.batches import batches
from lanes.audit import AuditContext, CheckResult, LogReader, LogRecord, Scratch, Selection

T = TypeVar("T")

BATCH_MESSAGES = 1_000
OFFSETS = "chat places"


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message as stored."""

    message_id: str
    room_id: int
    seq: int
    sender_id: int
    text: str


class ChatStore(Protocol):
    """The message store."""

    def stored(self, message_ids: Sequence[str]) -> list[StoredMessage]:
        """Return those of the messages that are stored. Raise BusyError."""
        ...


class ChatTail(Protocol):
    """The capped list of a room's newest messages."""

    def pushed(self, room_id: int) -> list[tuple[int, str]]:
        """Return (seq, message id) in the order of the room's list. Raise BusyError."""
        ...


class DeadLetterOffsets(Protocol[T_contra]):
    """The offsets of dead letters."""

    def dead_letters(
        self, transaction: T_contra, topic: str, *, partition: int, first: int, lanes: Selection
    ) -> Iterator[int]:
        """Yield the offsets of dead letters, ascending."""
        ...


@dataclass(frozen=True, slots=True)
class ChatSources(Generic[T_contra]):
    """The sources of the audit of chat, and the offsets of messages it has read so far."""

    log: LogReader
    rooms: AuctionRows[T_contra]
    dead_letters: DeadLetterOffsets[T_contra]
    store: ChatStore
    tail: ChatTail
    scratch: Scratch

    def offsets_of(self, room_id: int, message_id: object) -> list[int]:
        """Return the offsets of all records of a message read so far, ascending."""
        return [offset for offset, _ in self.scratch.of(OFFSETS, f"{room_id} {message_id}")]


class ChatAudit(Generic[T]):
    """Reads `chat-message`, the store and the rooms' lists."""

    def __init__(self, sources: ChatSources[T]) -> None:
        self._sources = sources

    def run(self, context: AuditContext[T]) -> None:
        """Check the rooms of the selected auctions; all rooms when all auctions are selected."""
        result, seen = context.results["I14"], set[int]()
        rooms = self._rooms(context)
        for partition, (start, end) in self._spans(context).items():
            span = (partition, start, end)
            for messages in batches(self._messages(context, span, rooms), BATCH_MESSAGES):
                self._check_stored(result, messages, start)
                seen |= {message.room_id for _, message in messages}
        for room_id in sorted(seen):
            self._check_pushed(result, room_id, sample=context.scope.sample)

    def _rooms(self, context: AuditContext[T]) -> set[int] | None:
        selection = context.selections[AUCTION_BID.name]
        if selection.lanes is None:
            return None
        return self._sources.rooms.room_ids(context.transaction, selection)

    def _spans(self, context: AuditContext[T]) -> dict[int, tuple[int, int]]:
        """Return by partition the first and end offset; under load the end is what `save` has
        committed."""
        log, selection = self._sources.log, context.selections[AUCTION_BID.name]
        bounds = log.bounds(CHAT_MESSAGE)
        starts = {partition: first for partition, (first, _) in bounds.items()}
        if selection.begins_at is not None:
            starts = log.offsets_at(CHAT_MESSAGE, selection.begins_at - CLOCKS_APART_MAX)
        ends = {partition: end for partition, (_, end) in bounds.items()}
        if context.scope.sample:
            saved = log.committed(SAVE_GROUP, CHAT_MESSAGE)
            ends = {partition: saved.get(partition, 0) for partition in ends}
        return {partition: (starts[partition], ends[partition]) for partition in bounds}

    def _messages(
        self, context: AuditContext[T], span: tuple[int, int, int], rooms: set[int] | None
    ) -> Iterator[tuple[LogRecord, ChatMessageValue]]:
        """Yield the messages of a partition, dead letters excluded."""
        topic, (partition, start, end) = CHAT_MESSAGE.name, span
        dead_letters = set(
            self._sources.dead_letters.dead_letters(
                context.transaction, topic, partition=partition, first=start, lanes=Selection()
            )
        )
        for record in self._sources.log.read(topic, partition, first=start, until=end):
            if record.offset in dead_letters:
                continue
            value = _value(record)
            if value is None:
                context.results["I14"].violation(f"{record} cannot be read")
            elif rooms is None or value.room_id in rooms:
                yield record, value

    def _check_stored(
        self,
        result: CheckResult,
        messages: Sequence[tuple[LogRecord, ChatMessageValue]],
        start: int,
    ) -> None:
        self._sources.scratch.put(
            OFFSETS, [(f"{v.room_id} {v.message_id}", record.offset, "") for record, v in messages]
        )
        ids = [str(value.message_id) for _, value in messages]
        stored = {message.message_id: message for message in self._sources.store.stored(ids)}
        for record, value in messages:
            fault = self._fault(value, stored.get(str(value.message_id)), start)
            line = f"{record} room {value.room_id} message {value.message_id} {fault}"
            result.check(fault is None, line)

    def _fault(
        self, value: ChatMessageValue, stored: StoredMessage | None, start: int
    ) -> str | None:
        if stored is None:
            return "is not stored"
        first = self._sources.offsets_of(value.room_id, value.message_id)[0]
        # One whose first record lies before what was read may be stored under that one's place.
        if stored.seq != first and stored.seq >= start:
            return f"is stored with seq {stored.seq}, its first record is {first}"
        saved = (stored.room_id, stored.sender_id, stored.text)
        if saved != (value.room_id, value.sender_id, value.text):
            return "is stored with another room, sender or text"
        return None

    def _check_pushed(self, result: CheckResult, room_id: int, *, sample: bool) -> None:
        pushed = self._sources.tail.pushed(room_id)
        ids = [message_id for _, message_id in pushed]
        stored = {message.message_id: message for message in self._sources.store.stored(ids)}
        for seq, message_id in pushed:
            message = stored.get(message_id)
            where = f"room {room_id} message {message_id}"
            if message is not None:
                line = f"{where}: pushed with seq {seq}, stored with {message.seq}"
                result.check(self._is_pushed_as_stored(message, seq), line)
            elif not sample:
                result.check(False, f"{where}: pushed with seq {seq}, not stored")  # noqa: FBT003

    def _is_pushed_as_stored(self, message: StoredMessage, seq: int) -> bool:
        return seq == message.seq or repeats(self._sources, message, seq)


def repeats(sources: ChatSources[Never], message: StoredMessage, seq: int) -> bool:
    """Return whether a message was pushed for a later record of it: Redis may lose the flag that
    prevents this."""
    return seq in sources.offsets_of(message.room_id, message.message_id)[1:]


def _value(record: LogRecord) -> ChatMessageValue | None:
    try:
        return chat_message_decoder.decode(record.value)
    except ValueError:
        return None
