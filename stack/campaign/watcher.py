"""A client at a socket, as wire.md wants it: comes back by itself, and shows what it is told."""

import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from stack.campaign.journal import Author, Frame, Journal
from stack.campaign.line import UNAUTHENTICATED, Line, LostError
from stack.campaign.market import Market
from stack.campaign.people import AwayError, Backoff, Door, Person

TURN_S = 0.1
SEND_PAUSE_S = 0.07  # below the house's limit of 20 frames a second
ANSWER_S = 10.0  # a socket on which nothing is answered for so long is dead
SILENCE_S = 40.0  # the server pings every 25 s
WATCHED_AFTER_S = 10.0  # how long a lot that is over stays on the screen
STATE = (
    "auction_id", "version", "status", "price", "minimum_next_bid", "bid_count", "leader",
    "reserve", "ends_at", "extensions", "winner", "last_ends_at",
)  # fmt: skip
# Frames that are nobody's experience of the house.
UNREMARKABLE = frozenset({"auctions.price", "auction.presence", "chat.presence", "notice"})


@dataclass(frozen=True, slots=True)
class Scene:
    """What all clients share."""

    door: Door
    market: Market
    journal: Journal


@dataclass(frozen=True, slots=True)
class Asked:
    """A frame that waits for its answer."""

    frame: Frame
    sent_at: float


class Watcher(threading.Thread):
    """Looks at the lots of some places, and at `channels`; without `person` as a guest.

    `shown` is the newest state of each lot on its screen.
    """

    def __init__(
        self,
        name: str,
        scene: Scene,
        *,
        rng: random.Random,
        places: Sequence[int],
        person: Person | None = None,
        channels: Sequence[str] = (),
    ) -> None:
        super().__init__(name=name, daemon=True)
        self.shown: dict[int, Frame] = {}
        self.author = Author(name, person.id if person else None, "ws")
        self._scene, self._rng, self._places, self._person = scene, rng, places, person
        self._channels = channels
        self._backoff, self._leaving = Backoff(rng), threading.Event()
        self._asked: dict[int, Asked] = {}
        self._subscribed: dict[str, float] = {}  # channel, and when it is left
        self._pause_s = 0.0
        self._send_at = self._heard_at = 0.0

    def run(self) -> None:
        """Until `leave`."""
        while not self._leaving.is_set():
            self._pause_s = 0.0
            try:
                self._visit()
            except LostError as lost:
                if lost.code == UNAUTHENTICATED and self._person:
                    self._person.token = ""
            except AwayError:
                pass
            self._leaving.wait(self._pause_s or self._backoff.next_s())

    def leave(self) -> None:
        """Go home."""
        self._leaving.set()

    def _visit(self) -> None:
        if self._person and not self._person.token:
            self._person.log_in()
        line = Line(self._scene.door)
        try:
            self._enter(line)
            while not self._leaving.is_set():
                frame = line.receive(TURN_S)
                if frame is not None:
                    self._hear(frame)
                self._check_alive()
                self._turn(line)
        finally:
            line.close()

    def _enter(self, line: Line) -> None:
        self._asked.clear()
        self._subscribed.clear()
        self.shown.clear()
        self._heard_at = time.monotonic()
        token = {"token": self._person.token} if self._person else {}
        self._send(line, {"type": "auth", **token})
        while self._asked:
            frame = line.receive(TURN_S)
            if frame is not None:
                self._hear(frame)
            self._check_alive()
        self._backoff.reset()

    def _turn(self, line: Line) -> None:
        """Send what is due, at most one frame."""
        if time.monotonic() < self._send_at:
            return
        frame = self._next_subscription() or self._due()
        if frame is not None:
            self._send(line, frame)

    def _due(self) -> Frame | None:
        """What else this client has to say now; a watcher says nothing."""
        return None

    def _next_subscription(self) -> Frame | None:
        now = time.monotonic()
        for channel in self._channels:
            if channel not in self._subscribed:
                return {"type": "subscribe", "channel": channel}
        for place in self._places:
            lot = self._scene.market.lot(place)
            if lot and (channel := f"auction:{lot.auction_id}") not in self._subscribed:
                self._subscribed[channel] = lot.over_at + WATCHED_AFTER_S
                return {"type": "subscribe", "channel": channel}
        for channel, until in self._subscribed.items():
            if until < now:
                del self._subscribed[channel]
                self.shown.pop(int(channel.partition(":")[2]), None)
                return {"type": "unsubscribe", "channel": channel}
        return None

    def _send(self, line: Line, frame: Frame) -> None:
        now = time.monotonic()
        self._send_at = now + SEND_PAUSE_S
        if frame["type"] == "subscribe":
            self._subscribed.setdefault(frame["channel"], float("inf"))
        elif frame["type"] != "auth":  # whose token is nobody's business
            self._scene.journal.write(self.author, "sent", frame)
        self._asked[line.send(frame)] = Asked(frame, now)

    def _check_alive(self) -> None:
        now = time.monotonic()
        oldest = min((asked.sent_at for asked in self._asked.values()), default=now)
        if now - oldest > ANSWER_S or now - self._heard_at > SILENCE_S:
            raise LostError(0, "nobody answers")

    def _hear(self, frame: Frame) -> None:
        self._heard_at = time.monotonic()
        asked = self._asked.pop(frame.get("re", -1), None)
        if frame["type"] not in UNREMARKABLE:
            self._scene.journal.write(self.author, "told", frame)
        match frame["type"]:
            case "subscribed" if "auction" in frame:
                auction = frame["auction"]
                self._show({**auction, "auction_id": auction["id"]})
            case "auction.state":
                self._show(frame)
            case "bye":
                self._pause_s = frame["retry_after_ms"] / 1_000
            case "error" if asked:
                self._refused(asked.frame, frame)
            case _:
                self._hear_own(frame)

    def _hear_own(self, frame: Frame) -> None:
        """A frame that means nothing to a mere watcher."""

    def _refused(self, sent: Frame, error: Frame) -> None:
        """A frame of ours was refused: subscribing is tried again."""
        if error["code"] == "UNAUTHENTICATED":
            raise LostError(UNAUTHENTICATED)
        if sent["type"] == "subscribe":
            self._subscribed.pop(sent["channel"], None)
            self._send_at = time.monotonic() + error.get("retry_after_ms", 1_000) / 1_000

    def _show(self, frame: Frame) -> None:
        auction_id = frame["auction_id"]
        self._scene.market.learn(auction_id, frame)
        if f"auction:{auction_id}" in self._subscribed:
            self.shown[auction_id] = {name: frame[name] for name in STATE}
