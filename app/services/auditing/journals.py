"""Sorts the lines of clients' journals into tables: receipts, answers, messages, displayed states.

The order of pushes is checked while reading, because only the journal has it.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, Literal, TypeVar, get_args
from uuid import UUID

import msgspec
from msgspec import Struct

from app.domain.decision import KnownStatus
from app.protocol.journal import JournalError, JournalLine
from app.protocol.outcomes import Outcome, Receipt
from lanes.audit import AuditResults, Scratch, Selection

T = TypeVar("T")

RECEIPTS: Final = "receipts"  # partition, offset: client, receipt
ANSWERS: Final = "answers"  # bid id, time: client, outcome
SHOWN: Final = "shown"  # auction id, time: client, by, state
ACKNOWLEDGED: Final = "acknowledged"  # message id, room id: client
PUSHED: Final = "pushed"  # message id, seq: client, channel

FINAL: Final = get_args(KnownStatus)


class _Answered(Struct):
    """A frame that may hold an outcome; a bid that is not known yet has only its status."""

    auction_id: int
    status: str
    bid_id: UUID | None = None


class _Acknowledged(Struct):
    message_id: UUID
    room_id: int


class _Message(Struct):
    message_id: UUID
    seq: int


class _Push(_Message):
    channel: str


class _Snapshot(Struct):
    channel: str
    messages: list[_Message] | None = None


class _Shown(Struct):
    auction_id: int
    by: Literal["reconnected", "fresh"]
    state: dict[str, Any]


class JournalReader:
    """Puts the lines of journals about the selected auctions into their tables."""

    def __init__(self, scratch: Scratch, selection: Selection, results: AuditResults) -> None:
        self._scratch, self._selection, self._results = scratch, selection, results
        self._rooms: dict[tuple[str, str], int] = {}
        self._handlers: dict[str, Callable[[JournalLine], None]] = {
            "bid.received": self._receipt,
            "bid.result": self._answer,
            "bid.status": self._answer,
            "chat.received": self._acknowledgement,
            "chat.message": self._push,
            "subscribed": self._snapshot,
        }

    def read(self, lines: Iterable[JournalLine]) -> None:
        """Read one journal. Raise JournalError for a frame that lacks a required field."""
        for line in lines:
            if line.event == "shown":
                self._shown(line)
            elif line.event == "told":
                handle = self._handlers.get(line.frame.get("type", ""))
                if handle is not None:
                    handle(line)

    def _receipt(self, line: JournalLine) -> None:
        event = _converted(line, Receipt)
        if str(event.auction_id) in self._selection:
            self._put(RECEIPTS, event.partition, event.offset, [line.client, event])

    def _answer(self, line: JournalLine) -> None:
        event = _converted(line, _Answered)
        if event.status in FINAL and str(event.auction_id) in self._selection:
            outcome = msgspec.structs.astuple(_converted(line, Outcome))
            self._put(ANSWERS, str(event.bid_id), line.at_ms, [line.client, outcome])

    def _shown(self, line: JournalLine) -> None:
        event = _converted(line, _Shown)
        if str(event.auction_id) in self._selection:
            self._put(SHOWN, event.auction_id, line.at_ms, [line.client, event.by, event.state])

    def _acknowledgement(self, line: JournalLine) -> None:
        event = _converted(line, _Acknowledged)
        self._put(ACKNOWLEDGED, str(event.message_id), event.room_id, line.client)

    def _push(self, line: JournalLine) -> None:
        event = _converted(line, _Push)
        before = self._rooms.get((line.client, event.channel), -1)
        where = f"{line.client} {event.channel} message {event.message_id}"
        self._results["I14"].check(
            event.seq > before, f"{where}: seq {event.seq} is pushed after {before}"
        )
        self._show(line.client, event.channel, [event])

    def _snapshot(self, line: JournalLine) -> None:
        """Start a room's list anew with the snapshot of a new subscription."""
        event = _converted(line, _Snapshot)
        if event.messages is None:
            return
        seqs = [message.seq for message in event.messages]
        where = f"{line.client} {event.channel}: a snapshot with the seqs {seqs}"
        self._results["I14"].check(seqs == sorted(set(seqs)), where)
        self._rooms.pop((line.client, event.channel), None)
        self._show(line.client, event.channel, event.messages)

    def _show(self, client: str, channel: str, messages: Iterable[_Message]) -> None:
        for message in messages:
            self._rooms[client, channel] = message.seq
            self._put(PUSHED, str(message.message_id), message.seq, [client, channel])

    def _put(self, table: str, major: str | int, minor: int, event: object) -> None:
        text = msgspec.json.encode(event, order="sorted").decode()
        self._scratch.put(table, [(major, minor, text)])


def _converted(line: JournalLine, kind: type[T]) -> T:
    try:
        return msgspec.convert(line.frame, kind)
    except msgspec.ValidationError as error:
        what = line.frame.get("type", "shown")
        raise JournalError(f"{line.client} at {line.at_ms} ms, {what}: {error}") from error
