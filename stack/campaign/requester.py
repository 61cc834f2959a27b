"""Bidders who bid by HTTP: each bid is repeated with its key until the house says what it knows."""

import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

import httpx

from stack.campaign.bidder import DECIDED, OPEN_MAX, Habits
from stack.campaign.journal import Author, Frame
from stack.campaign.people import AwayError, Backoff, Person
from stack.campaign.watcher import Scene

TURN_S = 0.05
POLL_S = 0.5
RECEIPT = ("bid_id", "key", "auction_id", "amount", "kind", "partition", "offset", "log_time")
OUTCOME = (
    "bid_id", "key", "auction_id", "status", "standing", "code", "seq", "alias", "price",
    "minimum_next_bid", "ends_at", "decided_at",
)  # fmt: skip


@dataclass(slots=True)
class Posted:
    """A bid without an outcome; `bid_id` is empty until it is acknowledged."""

    frame: Frame
    due_at: float = 0.0
    bid_id: str = ""
    waits: bool = False


class Requester(threading.Thread):
    """Bids on the lots of some places."""

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
        super().__init__(name=name, daemon=True)
        self.author = Author(name, person.id, "http")
        self._scene, self._rng, self._places, self._person = scene, rng, places, person
        self._habits = habits
        self._backoff, self._leaving = Backoff(rng), threading.Event()
        self._bids: dict[str, Posted] = {}
        self._keys = 0
        self._bid_at = time.monotonic()

    @property
    def open(self) -> int:
        """How many bids have no outcome."""
        return len(self._bids)

    def leave(self) -> None:
        """Go home."""
        self._leaving.set()

    def run(self) -> None:
        """Until `leave`."""
        while not self._leaving.wait(TURN_S):
            try:
                self._turn()
            except AwayError:
                self._leaving.wait(self._backoff.next_s())

    def _turn(self) -> None:
        now = time.monotonic()
        for bid in [bid for bid in self._bids.values() if bid.due_at <= now]:
            bid.due_at = now + POLL_S
            self._ask(bid) if bid.bid_id else self._place(bid)
            self._backoff.reset()
        placing = self._habits.placing.is_set() and self.open < OPEN_MAX
        if placing and now >= self._bid_at:
            self._bid_at = now + self._rng.expovariate(self._habits.bids_per_s)
            self._think()

    def _think(self) -> None:
        lot = self._scene.market.lot(self._rng.choice(self._places))
        if lot:
            self._keys += 1
            key = f"{self.name}-{self._keys}"
            offer = self._scene.market.offer(lot.auction_id, self._rng)
            bid = {"type": "bid.place", **offer, "key": key}
            self._bids[key] = Posted(bid, waits=self._rng.random() < 1 / 2)

    def _place(self, bid: Posted) -> None:
        frame = bid.frame
        self._scene.journal.write(self.author, "sent", frame)
        self._habits.duplicates.sent(self._person.id, frame)
        answer = self._person.request(
            "POST",
            f"/api/auctions/{frame['auction_id']}/bids",
            {name: frame[name] for name in ("amount", "kind", "confirm")},
            {"Idempotency-Key": frame["key"], **({"Prefer": "wait=2"} if bid.waits else {})},
        )
        self._placed(bid, answer)

    def _placed(self, bid: Posted, answer: httpx.Response) -> None:
        match answer.status_code:
            case HTTPStatus.OK | HTTPStatus.ACCEPTED:
                receipt = answer.json()
                bid.bid_id = receipt["bid_id"]
                self._told({"type": "bid.received", **{name: receipt[name] for name in RECEIPT}})
                if answer.status_code == HTTPStatus.OK:
                    self._decided(receipt)
            case HTTPStatus.GATEWAY_TIMEOUT:
                self._told({"type": "bid.unknown", "key": bid.frame["key"]})
            case HTTPStatus.UNAUTHORIZED:
                self._person.log_in()
            case HTTPStatus.SERVICE_UNAVAILABLE | HTTPStatus.TOO_MANY_REQUESTS:
                self._told_error(bid, answer)
                bid.due_at = time.monotonic() + float(answer.headers.get("Retry-After", 1))
            case HTTPStatus.INTERNAL_SERVER_ERROR:
                self._told_error(bid, answer)
            case _:
                self._told_error(bid, answer)
                del self._bids[bid.frame["key"]]

    def _ask(self, bid: Posted) -> None:
        answer = self._person.request("GET", f"/api/bids/{bid.bid_id}")
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            self._person.log_in()
        elif answer.status_code == HTTPStatus.OK:
            self._decided(answer.json())

    def _decided(self, known: Frame) -> None:
        if known["status"] in DECIDED:
            self._told({"type": "bid.result", **{name: known[name] for name in OUTCOME}})
            self._scene.market.learn(known["auction_id"], known)
            self._scene.market.told += 1
            self._bids.pop(known["key"], None)

    def _told_error(self, bid: Posted, answer: httpx.Response) -> None:
        try:
            code = answer.json()["code"]
        except (ValueError, KeyError, TypeError):
            code = str(answer.status_code)
        told = {"type": "error", "code": code, "key": bid.frame["key"]}
        self._told({**told, "http_status": answer.status_code})

    def _told(self, frame: Frame) -> None:
        self._scene.journal.write(self.author, "told", frame)
