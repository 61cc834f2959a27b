"""Bidders and talkers at sockets: they ask after everything that has no answer, for ever."""

import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from stack.campaign.duplicates import Duplicates
from stack.campaign.journal import Frame
from stack.campaign.line import Line
from stack.campaign.people import Person
from stack.campaign.watcher import Scene, Watcher

OUTCOME_S = 5.0  # wire.md: ask when the outcome has not come so long after the receipt
ANSWERED_S = 7.0  # the house itself says `bid.unknown` after 4 s
AGAIN_S = 1.0
OPEN_MAX = 30  # nobody bids on when so many bids have no outcome
DECIDED = ("accepted", "rejected", "failed")


@dataclass(slots=True)
class Open:
    """A bid or message without its final answer: at `due_at` it is asked after, or sent (again)."""

    frame: Frame
    due_at: float
    asks: bool = False


@dataclass(frozen=True, slots=True)
class Habits:
    """How often somebody bids and talks, and whether now is the time."""

    placing: threading.Event
    duplicates: Duplicates
    bids_per_s: float = 0.0
    room_id: int | None = None
    messages_per_s: float = 0.0


class Bidder(Watcher):
    """Bids on the lots it watches and talks in one room, by one socket."""

    def __init__(
        self,
        name: str,
        scene: Scene,
        *,
        rng: random.Random,
        places: Sequence[int],
        person: Person,
        habits: Habits,
    ) -> None:
        rooms = [] if habits.room_id is None else [f"room:{habits.room_id}"]
        super().__init__(name, scene, rng=rng, places=places, person=person, channels=rooms)
        self._habits, self._bidder_id = habits, person.id
        self._lock = threading.Lock()
        self._bids: dict[tuple[int, str], Open] = {}
        self._messages: dict[str, Open] = {}
        self._keys = 0
        self._bid_at = self._talk_at = time.monotonic()

    @property
    def open(self) -> int:
        """How many bids and messages have no final answer."""
        return len(self._bids) + len(self._messages)

    def adopt(self, bid: Frame) -> None:
        """Ask after a bid that this person sends by another socket now."""
        with self._lock:
            due_at = time.monotonic() + ANSWERED_S
            self._bids[bid["auction_id"], bid["key"]] = Open(bid, due_at, asks=True)

    def new_key(self) -> str:
        """A key this person has not used."""
        with self._lock:
            self._keys += 1
            return f"{self.name}-{self._keys}"

    def _enter(self, line: Line) -> None:
        super()._enter(line)
        with self._lock:
            for bid in self._bids.values():
                bid.asks, bid.due_at = True, 0.0
            for message in self._messages.values():
                message.due_at = 0.0

    def _due(self) -> Frame | None:
        now = time.monotonic()
        with self._lock:
            waiting = next((o for o in self._bids.values() if o.due_at <= now), None)
        if waiting:
            return self._chase(waiting, now)
        message = next((o for o in self._messages.values() if o.due_at <= now), None)
        if message:
            message.due_at = now + ANSWERED_S
            return message.frame
        if self._habits.placing.is_set() and self.open < OPEN_MAX:
            self._think(now)
        return None

    def _chase(self, bid: Open, now: float) -> Frame:
        """Send it, or ask what became of it."""
        bid.due_at = now + ANSWERED_S
        if bid.asks:
            named = {name: bid.frame[name] for name in ("auction_id", "key")}
            return {"type": "bid.status", **named}
        bid.asks = True
        self._habits.duplicates.sent(self._bidder_id, bid.frame)
        return bid.frame

    def _think(self, now: float) -> None:
        """Make up a new bid or message when the time has come."""
        habits = self._habits
        if habits.bids_per_s and now >= self._bid_at:
            self._bid_at = now + self._rng.expovariate(habits.bids_per_s)
            lot = self._scene.market.lot(self._rng.choice(self._places))
            if lot:
                offer = self._scene.market.offer(lot.auction_id, self._rng)
                bid = {"type": "bid.place", **offer, "key": self.new_key()}
                with self._lock:
                    self._bids[lot.auction_id, bid["key"]] = Open(bid, now)
        if habits.messages_per_s and habits.room_id and now >= self._talk_at:
            self._talk_at = now + self._rng.expovariate(habits.messages_per_s)
            key = self.new_key()
            said = {"type": "chat.send", "room_id": habits.room_id, "text": key, "key": key}
            self._messages[key] = Open(said, now)

    def _hear_own(self, frame: Frame) -> None:
        match frame["type"]:
            case "bid.received":
                self._later(frame, OUTCOME_S, asks=True)
            case "bid.unknown":
                self._later(frame, AGAIN_S, asks=True)
            case "bid.status" if frame["status"] not in DECIDED:
                unseen = frame["status"] == "unknown"
                self._later(frame, 0.0 if unseen else OUTCOME_S, asks=not unseen)
            case "bid.status" | "bid.result":
                self._close(frame)
            case "chat.received":
                self._messages.pop(frame["key"], None)
            case "chat.unknown":
                self._say_later(frame, AGAIN_S)

    def _refused(self, sent: Frame, error: Frame) -> None:
        super()._refused(sent, error)
        after_s = error.get("retry_after_ms", 1_000) / 1_000
        tried_again = error["retry"] or error["code"] == "INTERNAL"
        if sent["type"] == "bid.status":
            self._later(sent, after_s, asks=True)
        elif sent["type"] == "bid.place":
            if tried_again:
                self._later(sent, after_s, asks=error["code"] == "INTERNAL")
            else:
                self._close(sent)
        elif sent["type"] == "chat.send":
            if tried_again:
                self._say_later(sent, after_s)
            else:
                self._messages.pop(sent["key"], None)

    def _later(self, frame: Frame, after_s: float, *, asks: bool) -> None:
        with self._lock:
            if bid := self._find(frame):
                bid.due_at, bid.asks = time.monotonic() + after_s, asks

    def _say_later(self, frame: Frame, after_s: float) -> None:
        """Unless it has been answered: it may have been sent twice."""
        if message := self._messages.get(frame["key"]):
            message.due_at = time.monotonic() + after_s

    def _close(self, frame: Frame) -> None:
        self._scene.market.learn(frame["auction_id"], frame)
        with self._lock:
            bid = self._find(frame)
            if bid:
                del self._bids[bid.frame["auction_id"], bid.frame["key"]]
                self._scene.market.told += 1

    def _find(self, frame: Frame) -> Open | None:
        """The open bid that a frame is about; `bid.unknown` names its key only."""
        if "auction_id" in frame:
            return self._bids.get((frame["auction_id"], frame["key"]))
        return next((b for (_, key), b in self._bids.items() if key == frame["key"]), None)
