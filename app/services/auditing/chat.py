"""I14: what was said is stored once, under the place of its first record, and pushed as stored.

Compared are the log, as far back as it is kept, the store, and each room's list of what was just
pushed. What clients were acknowledged and shown is held against the same by `journals`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from app.protocol.records import ChatMessageValue
from app.protocol.topics import AUCTION_BID, CHAT_MESSAGE, SAVE_GROUP
from app.services.auditing.batches import batches
from app.services.auditing.events import CLOCKS_APART_MAX
from app.services.auditing.ports import Examination, LogReader, LogRecord, Scratch, Selection
from app.services.auditing.rows import AuctionRows
from app.services.auditing.tallies import Tally
from app.services.transactions import Transaction

MESSAGES_AT_ONCE = 1_000
PLACES = "chat places"

_decoder = msgspec.json.Decoder(ChatMessageValue)


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message as the store has it."""

    message_id: str
    room_id: int
    seq: int
    sender_id: int
    text: str


class ChatStore(Protocol):
    """Where messages are stored."""

    def stored(self, message_ids: Sequence[str]) -> list[StoredMessage]:
        """Those of the messages that are stored. Raises BusyError."""
        ...


class ChatTail(Protocol):
    """What was just pushed."""

    def pushed(self, room_id: int) -> list[tuple[int, str]]:
        """(seq, message id) in the order of the room's list. Raises BusyError."""
        ...


class DeadOffsets(Protocol):
    """What was given up."""

    def dead(
        self, transaction: Transaction, topic: str, *, partition: int, first: int, lanes: Selection
    ) -> Iterator[int]:
        """The offsets of the records that were given up, ascending."""
        ...


@dataclass(frozen=True, slots=True)
class ChatSources:
    """Where the audit finds what was said, and the places of messages once it has read them."""

    log: LogReader
    rooms: AuctionRows
    dead: DeadOffsets
    store: ChatStore
    tail: ChatTail
    scratch: Scratch

    def places(self, room_id: int, message_id: object) -> list[int]:
        """The offsets of all records of a message that were read so far, ascending."""
        return [offset for offset, _ in self.scratch.of(PLACES, f"{room_id} {message_id}")]


class ChatAudit:
    """Reads `chat-message`, the store and the rooms' lists."""

    def __init__(self, sources: ChatSources) -> None:
        self._sources = sources

    def run(self, examination: Examination) -> None:
        """Judge the rooms of the selected auctions; all rooms, when all auctions are."""
        tally, seen = examination.tallies["I14"], set[int]()
        rooms = self._rooms(examination)
        for partition, (start, end) in self._spans(examination).items():
            span = (partition, start, end)
            for said in batches(self._said(examination, span, rooms), MESSAGES_AT_ONCE):
                self._check_stored(tally, said, start)
                seen |= {message.room_id for _, message in said}
        for room_id in sorted(seen):
            self._check_pushed(tally, room_id, sample=examination.scope.sample)

    def _rooms(self, examination: Examination) -> set[int] | None:
        selection = examination.selections[AUCTION_BID.name]
        if selection.lanes is None:
            return None
        return self._sources.rooms.room_ids(examination.transaction, selection)

    def _spans(self, examination: Examination) -> dict[int, tuple[int, int]]:
        """Per partition where to start and end: under load no further than save has come."""
        log, selection = self._sources.log, examination.selections[AUCTION_BID.name]
        bounds = log.bounds(CHAT_MESSAGE)
        starts = {partition: first for partition, (first, _) in bounds.items()}
        if selection.begins_at is not None:
            starts = log.offsets_at(CHAT_MESSAGE, selection.begins_at - CLOCKS_APART_MAX)
        ends = {partition: end for partition, (_, end) in bounds.items()}
        if examination.scope.sample:
            saved = log.committed(SAVE_GROUP, CHAT_MESSAGE)
            ends = {partition: saved.get(partition, 0) for partition in ends}
        return {partition: (starts[partition], ends[partition]) for partition in bounds}

    def _said(
        self, examination: Examination, span: tuple[int, int, int], rooms: set[int] | None
    ) -> Iterator[tuple[LogRecord, ChatMessageValue]]:
        """What was said in a partition, dead letters aside."""
        topic, (partition, start, end) = CHAT_MESSAGE.name, span
        dead = set(
            self._sources.dead.dead(
                examination.transaction, topic, partition=partition, first=start, lanes=Selection()
            )
        )
        for record in self._sources.log.read(topic, partition, first=start, until=end):
            if record.offset in dead:
                continue
            value = _value(record)
            if value is None:
                examination.tallies["I14"].violation(f"{record} cannot be read")
            elif rooms is None or value.room_id in rooms:
                yield record, value

    def _check_stored(
        self, tally: Tally, said: Sequence[tuple[LogRecord, ChatMessageValue]], start: int
    ) -> None:
        self._sources.scratch.put(
            PLACES, [(f"{v.room_id} {v.message_id}", record.offset, "") for record, v in said]
        )
        ids = [str(value.message_id) for _, value in said]
        stored = {message.message_id: message for message in self._sources.store.stored(ids)}
        for record, value in said:
            fault = self._fault(value, stored.get(str(value.message_id)), start)
            line = f"{record} room {value.room_id} message {value.message_id} {fault}"
            tally.judge(fault is None, line)

    def _fault(
        self, value: ChatMessageValue, stored: StoredMessage | None, start: int
    ) -> str | None:
        if stored is None:
            return "is not stored"
        first = self._sources.places(value.room_id, value.message_id)[0]
        # One whose first record lies before what was read may be stored under that one's place.
        if stored.seq != first and stored.seq >= start:
            return f"is stored with seq {stored.seq}, its first record is {first}"
        said = (stored.room_id, stored.sender_id, stored.text)
        if said != (value.room_id, value.sender_id, value.text):
            return "is stored with another room, sender or text"
        return None

    def _check_pushed(self, tally: Tally, room_id: int, *, sample: bool) -> None:
        pushed = self._sources.tail.pushed(room_id)
        ids = [message_id for _, message_id in pushed]
        stored = {message.message_id: message for message in self._sources.store.stored(ids)}
        for seq, message_id in pushed:
            message = stored.get(message_id)
            where = f"room {room_id} message {message_id}"
            if message is not None:
                line = f"{where}: pushed with seq {seq}, stored with {message.seq}"
                tally.judge(self._agrees(message, seq), line)
            elif not sample:
                tally.judge(False, f"{where}: pushed with seq {seq}, not stored")  # noqa: FBT003

    def _agrees(self, message: StoredMessage, seq: int) -> bool:
        return seq == message.seq or repeats(self._sources, message, seq)


def repeats(sources: ChatSources, message: StoredMessage, seq: int) -> bool:
    """Whether a message was pushed for a later record of it: Redis, which knows, may forget."""
    return seq in sources.places(message.room_id, message.message_id)[1:]


def _value(record: LogRecord) -> ChatMessageValue | None:
    try:
        return _decoder.decode(record.value)
    except ValueError:
        return None
