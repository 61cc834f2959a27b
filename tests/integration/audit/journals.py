"""True journals of clients, which tests forge line by line."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from app.protocol.outcomes import AuctionState
from tests.integration.audit.scenario import SettledScenario

Frame = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Journal:
    """A journal file."""

    path: Path

    def lines(self) -> list[dict[str, Any]]:
        """Its events."""
        return [json.loads(line) for line in self.path.read_text().splitlines()]

    def write(self, lines: list[dict[str, Any]]) -> None:
        """Overwrite the file with these events."""
        self.path.write_text("".join(json.dumps(line) + "\n" for line in lines))

    def forge(self, kind: str, change: Callable[[Frame], None]) -> None:
        """Change the first frame of this type, or of what is shown by this kind of client."""
        lines = self.lines()
        change(next(line["frame"] for line in lines if kind in _kinds(line["frame"])))
        self.write(lines)

    def repeat(self, kind: str, change: Callable[[Frame], None]) -> None:
        """Append the first frame of this type once more, changed."""
        lines = self.lines()
        again = next(line for line in self.lines() if kind in _kinds(line["frame"]))
        change(again["frame"])
        self.write([*lines, {**again, "at_ms": lines[-1]["at_ms"] + 1}])


def truthful_journal(settled: SettledScenario, path: Path) -> Journal:
    """Receipts, results, chat, and what a reconnected and a fresh client show."""
    journal = Journal(path)
    frames = [*_bids(settled), *_chat(settled)]
    lines = [_line(number, "told", frame) for number, frame in enumerate(frames)]
    shown = [{"auction_id": settled.open.auction_id, "by": by, "state": _state(settled)}
             for by in ("reconnected", "fresh")]  # fmt: skip
    lines += [_line(len(lines) + number, "shown", frame) for number, frame in enumerate(shown)]
    journal.write(lines)
    return journal


def _line(number: int, event: str, frame: Frame) -> dict[str, Any]:
    client = f"client-{frame.get('by', 'one')}"
    return {"at_ms": number, "client": client, "user_id": 1, "event": event,
            "transport": "ws", "frame": frame}  # fmt: skip


def _kinds(frame: Frame) -> tuple[Any, Any]:
    return frame.get("type"), frame.get("by")


def _bids(settled: SettledScenario) -> list[Frame]:
    frames = [{"type": "bid.received", "re": 1, **msgspec.to_builtins(receipt)}
              for receipt in settled.receipts]  # fmt: skip
    bidding = settled.container.bidding
    ids = [row.bid_id for row in settled.bids(settled.open)]
    for known in bidding.decided(ids):
        receipt = known.receipt
        named = {"bid_id": receipt.bid_id, "key": receipt.key, "auction_id": receipt.auction_id}
        frames.append({"type": "bid.result", **named, **msgspec.to_builtins(known.outcome)})
    return frames


def _chat(settled: SettledScenario) -> list[Frame]:
    room_id = settled.open.room_id
    frames: list[Frame] = [
        {
            "type": "chat.received",
            "re": 1,
            "message_id": str(message_id),
            "room_id": room_id,
            "key": "k",
        }
        for message_id in settled.chat_message_ids
    ]
    for message in settled.container.messages.after(room_id, -1, 9):
        pushed = {"type": "chat.message", "channel": f"room:{room_id}"}
        frames.append({**pushed, **msgspec.to_builtins(message)})
    return frames


def _state(settled: SettledScenario) -> Frame:
    auction = settled.container.auction_house.auction(settled.open.auction_id, None)
    shown = msgspec.to_builtins(auction)
    names = set(AuctionState.__struct_fields__) - {"bids", "from_seq"}
    return {name: value for name, value in shown.items() if name in names}
