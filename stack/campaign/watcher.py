"""A WebSocket client as in wire.md: reconnects by itself, and shows the states it receives."""

import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from stack.campaign.duplicates import Duplicates
from stack.campaign.journal import Author, Journal, Transport
from stack.campaign.market import Market
from stack.campaign.threads import Backoff, StoppableThread
from stack.client import CallError, Endpoint, User
from stack.websocket_client import UNAUTHENTICATED, Client, ConnectionLostError, Frame

TURN_S = 0.1
SEND_PAUSE_S = 0.07  # below the limit of 20 frames a second
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
    """What all clients share; new bids and messages are only made while `placing` is set."""

    endpoint: Endpoint
    market: Market
    journal: Journal
    placing: threading.Event = field(default_factory=threading.Event)
    duplicates: Duplicates | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSettings:
    """Who a client is, which slots it watches or bids on, and how often it bids and chats.

    Without `user` it is a guest, without `room_id` it is in no room.
    """

    name: str
    context: Context
    rng: random.Random
    slots: Sequence[int]
    user: User | None = None
    room_id: int | None = None
    bids_per_s: float = 0.0
    messages_per_s: float = 0.0

    def author(self, transport: Transport) -> Author:
        """As whom it writes into the journal."""
        return Author(self.name, self.user.id if self.user else None, transport)


@dataclass(frozen=True, slots=True)
class PendingRequest:
    """A frame that waits for its answer."""

    frame: Frame
    sent_at: float


class Watcher(StoppableThread):
    """Subscribes to the lots of its slots, and to its room.
    `shown` is the newest state of each lot that it received.
    """

    def __init__(self, settings: ClientSettings) -> None:
        super().__init__(settings.name)
        self.shown: dict[int, Frame] = {}
        self.author = settings.author("ws")
        self._settings, self._context, self._rng = settings, settings.context, settings.rng
        self._backoff = Backoff(settings.rng)
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
                if lost.code == UNAUTHENTICATED and self._settings.user:
                    self._settings.user.forget_session()
            except CallError:
                pass
            self._stopping.wait(self._pause_s or self._backoff.next_s())

    def _run_session(self) -> None:
        user = self._settings.user
        token = {"token": user.token} if user else {}
        with self._context.endpoint.connect() as client:
            self._authenticate(client, token)
            while not self._stopping.is_set():
                self._receive(client)
                self._send_next(client)

    def _receive(self, client: Client) -> None:
        frame = client.receive(TURN_S)
        if frame is not None:
            self._on_frame(frame)
        self._check_alive()

    def _authenticate(self, client: Client, token: Frame) -> None:
        self._pending.clear()
        self._subscribed.clear()
        self.shown.clear()
        self._last_frame_at = time.monotonic()
        self._send(client, {"type": "auth", **token})
        while self._pending:
            self._receive(client)
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
        room = f"room:{self._settings.room_id}"
        if self._settings.room_id is not None and room not in self._subscribed:
            return {"type": "subscribe", "channel": room}
        for slot in self._settings.slots:
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
