"""What clients were told, read into sorted shelves: receipts, answers, messages, what was shown.

The order of pushes is judged while reading: it is the one thing that is in the journal's order.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, Literal, TypeVar
from uuid import UUID

import msgspec
from msgspec import Struct

from app.protocol.journal import JournalError, JournalLine
from app.protocol.outcomes import Outcome, Receipt
from app.services.auditing.ports import Scratch, Selection
from app.services.auditing.tallies import Tallies

T = TypeVar("T")

RECEIPTS: Final = "receipts"  # partition, offset: client, receipt
ANSWERS: Final = "answers"  # bid id, time: client, outcome
SHOWN: Final = "shown"  # auction id, time: client, by, state
ACKNOWLEDGED: Final = "acknowledged"  # message id, room id: client
PUSHED: Final = "pushed"  # message id, seq: client, channel

FINAL: Final = ("accepted", "rejected", "failed")


class _Answered(Struct):
    """A frame that may hold an outcome: one that is not seen yet has no more than its status."""

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
    """Puts the lines of journals on their shelves, those of the selected auctions."""

    def __init__(self, scratch: Scratch, selection: Selection, tallies: Tallies) -> None:
        self._scratch, self._selection, self._tallies = scratch, selection, tallies
        self._rooms: dict[tuple[str, str], int] = {}
        self._sort_of: dict[str, Callable[[JournalLine], None]] = {
            "bid.received": self._receipt,
            "bid.result": self._answer,
            "bid.status": self._answer,
            "chat.received": self._acknowledgement,
            "chat.message": self._push,
            "subscribed": self._snapshot,
        }

    def read(self, lines: Iterable[JournalLine]) -> None:
        """Read one journal. Raises JournalError for a frame without the fields it must have."""
        for line in lines:
            if line.event == "shown":
                self._shown(line)
            elif line.event == "told":
                sort = self._sort_of.get(line.frame.get("type", ""))
                if sort is not None:
                    sort(line)

    def _receipt(self, line: JournalLine) -> None:
        said = _converted(line, Receipt)
        if str(said.auction_id) in self._selection:
            self._put(RECEIPTS, said.partition, said.offset, [line.client, said])

    def _answer(self, line: JournalLine) -> None:
        said = _converted(line, _Answered)
        if said.status in FINAL and str(said.auction_id) in self._selection:
            outcome = msgspec.structs.astuple(_converted(line, Outcome))
            self._put(ANSWERS, str(said.bid_id), line.at_ms, [line.client, outcome])

    def _shown(self, line: JournalLine) -> None:
        said = _converted(line, _Shown)
        if str(said.auction_id) in self._selection:
            self._put(SHOWN, said.auction_id, line.at_ms, [line.client, said.by, said.state])

    def _acknowledgement(self, line: JournalLine) -> None:
        said = _converted(line, _Acknowledged)
        self._put(ACKNOWLEDGED, str(said.message_id), said.room_id, line.client)

    def _push(self, line: JournalLine) -> None:
        said = _converted(line, _Push)
        before = self._rooms.get((line.client, said.channel), -1)
        where = f"{line.client} {said.channel} message {said.message_id}"
        self._tallies["I14"].judge(
            said.seq > before, f"{where}: seq {said.seq} is pushed after {before}"
        )
        self._show(line.client, said.channel, [said])

    def _snapshot(self, line: JournalLine) -> None:
        """A new subscription begins anew with what is shown of the room."""
        said = _converted(line, _Snapshot)
        if said.messages is None:
            return
        seqs = [message.seq for message in said.messages]
        where = f"{line.client} {said.channel}: a snapshot with the seqs {seqs}"
        self._tallies["I14"].judge(seqs == sorted(set(seqs)), where)
        self._rooms.pop((line.client, said.channel), None)
        self._show(line.client, said.channel, said.messages)

    def _show(self, client: str, channel: str, messages: Iterable[_Message]) -> None:
        for message in messages:
            self._rooms[client, channel] = message.seq
            self._put(PUSHED, str(message.message_id), message.seq, [client, channel])

    def _put(self, shelf: str, major: str | int, minor: int, said: object) -> None:
        text = msgspec.json.encode(said, order="sorted").decode()
        self._scratch.put(shelf, [(major, minor, text)])


def _converted(line: JournalLine, kind: type[T]) -> T:
    try:
        return msgspec.convert(line.frame, kind)
    except msgspec.ValidationError as error:
        what = line.frame.get("type", "shown")
        raise JournalError(f"{line.client} at {line.at_ms} ms, {what}: {error}") from error
