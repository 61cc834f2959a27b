"""A WebSocket client as in wire.md: reconnects by itself, and shows the states it receives."""

import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from stack.campaign.journal import Author, Journal
from stack.campaign.market import Market
from stack.campaign.people import Backoff, Endpoint, Person, UnavailableError
from stack.websocket_client import UNAUTHENTICATED, Client, ConnectionLostError, Frame

TURN_S = 0.1
SEND_PAUSE_S = 0.07  # below the house's limit of 20 frames a second
ANSWER_S = 10.0  # a socket on which nothing is answered for so long is dead
SILENCE_S = 40.0  # the server pings every 25 s
WATCHED_AFTER_S = 10.0  # how long a lot that is over is still watched
STATE = (
    "auction_id", "version", "status", "price", "minimum_next_bid", "bid_count", "leader",
    "reserve", "ends_at", "extensions", "winner", "last_ends_at",
)  # fmt: skip
# Frames that the audit does not need.
NOT_RECORDED = frozenset({"auctions.price", "auction.presence", "chat.presence", "notice"})


@dataclass(frozen=True, slots=True)
class Context:
    """What all clients share."""

    endpoint: Endpoint
    market: Market
    journal: Journal


@dataclass(frozen=True, slots=True)
class PendingRequest:
    """A frame that waits for its answer."""

    frame: Frame
    sent_at: float


class Watcher(threading.Thread):
    """Subscribes to the lots of some slots and to `channels`; without `person` as a guest.

    `shown` is the newest state of each lot that it received.
    """

    def __init__(
        self,
        name: str,
        context: Context,
        *,
        rng: random.Random,
        slots: Sequence[int],
        person: Person | None = None,
        channels: Sequence[str] = (),
    ) -> None:
        super().__init__(name=name, daemon=True)
        self.shown: dict[int, Frame] = {}
        self.author = Author(name, person.id if person else None, "ws")
        self._context, self._rng, self._slots, self._person = context, rng, slots, person
        self._channels = channels
        self._backoff, self._stopping = Backoff(rng), threading.Event()
        self._pending: dict[int, PendingRequest] = {}
        self._subscribed: dict[str, float] = {}  # channel, and when it is left
        self._pause_s = 0.0
        self._send_at = self._last_frame_at = 0.0

    def run(self) -> None:
        """Until `stop`."""
        while not self._stopping.is_set():
            self._pause_s = 0.0
            try:
                self._run_session()
            except ConnectionLostError as lost:
                if lost.code == UNAUTHENTICATED and self._person:
                    self._person.token = ""
            except UnavailableError:
                pass
            self._stopping.wait(self._pause_s or self._backoff.next_s())

    def stop(self) -> None:
        """Stop soon; join the thread to wait for that."""
        self._stopping.set()

    def _run_session(self) -> None:
        if self._person and not self._person.token:
            self._person.log_in()
        client = self._context.endpoint.connect()
        try:
            self._authenticate(client)
            while not self._stopping.is_set():
                frame = client.receive(TURN_S)
                if frame is not None:
                    self._on_frame(frame)
                self._check_alive()
                self._send_next(client)
        finally:
            client.abort()

    def _authenticate(self, client: Client) -> None:
        self._pending.clear()
        self._subscribed.clear()
        self.shown.clear()
        self._last_frame_at = time.monotonic()
        token = {"token": self._person.token} if self._person else {}
        self._send(client, {"type": "auth", **token})
        while self._pending:
            frame = client.receive(TURN_S)
            if frame is not None:
                self._on_frame(frame)
            self._check_alive()
        self._backoff.reset()

    def _send_next(self, client: Client) -> None:
        """Send what is due, at most one frame."""
        if time.monotonic() < self._send_at:
            return
        frame = self._next_subscription() or self._next_frame()
        if frame is not None:
            self._send(client, frame)

    def _next_frame(self) -> Frame | None:
        """Return the next frame to send, if any; a mere watcher sends none."""
        return None

    def _next_subscription(self) -> Frame | None:
        now = time.monotonic()
        for channel in self._channels:
            if channel not in self._subscribed:
                return {"type": "subscribe", "channel": channel}
        for slot in self._slots:
            lot = self._context.market.lot(slot)
            if lot and (channel := f"auction:{lot.auction_id}") not in self._subscribed:
                self._subscribed[channel] = lot.over_at + WATCHED_AFTER_S
                return {"type": "subscribe", "channel": channel}
        for channel, until in self._subscribed.items():
            if until < now:
                del self._subscribed[channel]
                self.shown.pop(int(channel.partition(":")[2]), None)
                return {"type": "unsubscribe", "channel": channel}
        return None

    def _send(self, client: Client, frame: Frame) -> None:
        now = time.monotonic()
        self._send_at = now + SEND_PAUSE_S
        if frame["type"] == "subscribe":
            self._subscribed.setdefault(frame["channel"], float("inf"))
        elif frame["type"] != "auth":  # a token stays out of the journal
            self._context.journal.write(self.author, "sent", frame)
        self._pending[client.send(frame)] = PendingRequest(frame, now)

    def _check_alive(self) -> None:
        now = time.monotonic()
        oldest = min((request.sent_at for request in self._pending.values()), default=now)
        if now - oldest > ANSWER_S or now - self._last_frame_at > SILENCE_S:
            raise ConnectionLostError(0, "no answer")

    def _on_frame(self, frame: Frame) -> None:
        self._last_frame_at = time.monotonic()
        request = self._pending.pop(frame.get("re", -1), None)
        if frame["type"] not in NOT_RECORDED:
            self._context.journal.write(self.author, "told", frame)
        match frame["type"]:
            case "subscribed" if "auction" in frame:
                auction = frame["auction"]
                self._update_shown({**auction, "auction_id": auction["id"]})
            case "auction.state":
                self._update_shown(frame)
            case "bye":
                self._pause_s = frame["retry_after_ms"] / 1_000
            case "error" if request:
                self._on_error(request.frame, frame)
            case _:
                self._on_bidder_frame(frame)

    def _on_bidder_frame(self, frame: Frame) -> None:
        """Handle a frame that only a bidder needs."""

    def _on_error(self, sent: Frame, error: Frame) -> None:
        """Handle an error frame; a refused subscription is tried again."""
        if error["code"] == "UNAUTHENTICATED":
            raise ConnectionLostError(UNAUTHENTICATED)
        if sent["type"] == "subscribe":
            self._subscribed.pop(sent["channel"], None)
            self._send_at = time.monotonic() + error.get("retry_after_ms", 1_000) / 1_000

    def _update_shown(self, frame: Frame) -> None:
        auction_id = frame["auction_id"]
        self._context.market.learn(auction_id, frame)
        if f"auction:{auction_id}" in self._subscribed:
            self.shown[auction_id] = {name: frame[name] for name in STATE}
