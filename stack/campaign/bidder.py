"""Bidders at WebSockets, who also chat: whatever has no answer yet is asked for again."""

import threading
import time
from dataclasses import dataclass

from stack.campaign.watcher import ClientSettings, Watcher
from stack.client import DECIDED
from stack.websocket_client import Client, Frame

OUTCOME_S = 5.0  # wire.md: ask when the outcome has not come so long after the receipt
ANSWERED_S = 7.0  # the gateway itself sends `bid.unknown` after 4 s
UNKNOWN_RETRY_S = 1.0
PENDING_MAX = 30  # no more bids are sent while so many have no outcome


@dataclass(slots=True)
class Pending:
    """A bid or message without its final answer: at `due_at` it, or a status request, is sent."""

    frame: Frame
    due_at: float
    asks_status: bool = False


class Bidder(Watcher):
    """Bids on the lots it watches and talks in one room, by one socket."""

    def __init__(self, settings: ClientSettings) -> None:
        super().__init__(settings)
        self._lock = threading.Lock()
        self._bids: dict[tuple[int, str], Pending] = {}
        self._messages: dict[str, Pending] = {}
        self._keys = 0
        self._bid_at = self._talk_at = time.monotonic()

    @property
    def pending(self) -> int:
        """How many bids and messages have no final answer."""
        return len(self._bids) + len(self._messages)

    def track(self, bid: Frame) -> None:
        """Ask for the status of a bid that the same user sends by another socket now."""
        with self._lock:
            due_at = time.monotonic() + ANSWERED_S
            self._bids[bid["auction_id"], bid["key"]] = Pending(bid, due_at, asks_status=True)

    def new_key(self) -> str:
        """A key this person has not used."""
        with self._lock:
            self._keys += 1
            return f"{self.name}-{self._keys}"

    def _authenticate(self, client: Client, token: Frame) -> None:
        super()._authenticate(client, token)
        with self._lock:
            for bid in self._bids.values():
                bid.asks_status, bid.due_at = True, 0.0
            for message in self._messages.values():
                message.due_at = 0.0

    def _next_frame(self) -> Frame | None:
        now = time.monotonic()
        with self._lock:
            waiting = next((o for o in self._bids.values() if o.due_at <= now), None)
        if waiting:
            return self._send_or_ask_status(waiting, now)
        message = next((o for o in self._messages.values() if o.due_at <= now), None)
        if message:
            message.due_at = now + ANSWERED_S
            return message.frame
        if self._context.placing.is_set() and self.pending < PENDING_MAX:
            self._create_next(now)
        return None

    def _send_or_ask_status(self, bid: Pending, now: float) -> Frame:
        """Return the bid itself, or a request for its status."""
        bid.due_at = now + ANSWERED_S
        if bid.asks_status:
            named = {name: bid.frame[name] for name in ("auction_id", "key")}
            return {"type": "bid.status", **named}
        bid.asks_status = True
        if self._context.duplicates and self.author.user_id:
            self._context.duplicates.sent(self.author.user_id, bid.frame)
        return bid.frame

    def _create_next(self, now: float) -> None:
        """Create a new bid or message if one is due."""
        own = self._settings
        if own.bids_per_s and now >= self._bid_at:
            self._bid_at = now + self._rng.expovariate(own.bids_per_s)
            lot = self._context.market.lot(self._rng.choice(own.slots))
            if lot:
                offer = self._context.market.offer(lot.auction_id, self._rng)
                bid = {"type": "bid.place", **offer, "key": self.new_key()}
                with self._lock:
                    self._bids[lot.auction_id, bid["key"]] = Pending(bid, now)
        if own.messages_per_s and own.room_id and now >= self._talk_at:
            self._talk_at = now + self._rng.expovariate(own.messages_per_s)
            key = self.new_key()
            chat = {"type": "chat.send", "room_id": own.room_id, "text": key, "key": key}
            self._messages[key] = Pending(chat, now)

    def _on_bidder_frame(self, frame: Frame) -> None:
        match frame["type"]:
            case "bid.received":
                self._postpone(frame, OUTCOME_S, asks_status=True)
            case "bid.unknown":
                self._postpone(frame, UNKNOWN_RETRY_S, asks_status=True)
            case "bid.status" if frame["status"] not in DECIDED:
                unseen = frame["status"] == "unknown"
                self._postpone(frame, 0.0 if unseen else OUTCOME_S, asks_status=not unseen)
            case "bid.status" | "bid.result":
                self._finish(frame)
            case "chat.received":
                self._messages.pop(frame["key"], None)
            case "chat.unknown":
                self._postpone_message(frame, UNKNOWN_RETRY_S)

    def _on_error(self, sent: Frame, error: Frame) -> None:
        super()._on_error(sent, error)
        after_s = error.get("retry_after_ms", 1_000) / 1_000
        is_retried = error["retry"] or error["code"] == "INTERNAL"
        if sent["type"] == "bid.status":
            self._postpone(sent, after_s, asks_status=True)
        elif sent["type"] == "bid.place":
            if is_retried:
                self._postpone(sent, after_s, asks_status=error["code"] == "INTERNAL")
            else:
                self._finish(sent)
        elif sent["type"] == "chat.send":
            if is_retried:
                self._postpone_message(sent, after_s)
            else:
                self._messages.pop(sent["key"], None)

    def _postpone(self, frame: Frame, after_s: float, *, asks_status: bool) -> None:
        with self._lock:
            if bid := self._find(frame):
                bid.due_at, bid.asks_status = time.monotonic() + after_s, asks_status

    def _postpone_message(self, frame: Frame, after_s: float) -> None:
        """Unless it has been answered: it may have been sent twice."""
        if message := self._messages.get(frame["key"]):
            message.due_at = time.monotonic() + after_s

    def _finish(self, frame: Frame) -> None:
        self._context.market.learn(frame["auction_id"], frame)
        with self._lock:
            bid = self._find(frame)
            if bid:
                del self._bids[bid.frame["auction_id"], bid.frame["key"]]
                self._context.market.outcomes += 1

    def _find(self, frame: Frame) -> Pending | None:
        """The open bid that a frame is about; `bid.unknown` names its key only."""
        if "auction_id" in frame:
            return self._bids.get((frame["auction_id"], frame["key"]))
        return next((b for (_, key), b in self._bids.items() if key == frame["key"]), None)
