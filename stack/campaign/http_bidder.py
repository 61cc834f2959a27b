"""Bidders who bid by HTTP: each bid is repeated with its key until its outcome is known."""

import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

import httpx

from stack.campaign.bidder import DECIDED, PENDING_MAX, Behaviour
from stack.campaign.journal import Author
from stack.campaign.people import Backoff, Person, UnavailableError
from stack.campaign.watcher import Context
from stack.websocket_client import Frame

TURN_S = 0.05
POLL_S = 0.5
RECEIPT = ("bid_id", "key", "auction_id", "amount", "kind", "partition", "offset", "log_time")
OUTCOME = (
    "bid_id", "key", "auction_id", "status", "standing", "code", "seq", "alias", "price",
    "minimum_next_bid", "ends_at", "decided_at",
)  # fmt: skip


@dataclass(slots=True)
class PostedBid:
    """A bid without an outcome; `bid_id` is empty until it is acknowledged."""

    frame: Frame
    due_at: float = 0.0
    bid_id: str = ""
    waits_for_outcome: bool = False


class HttpBidder(threading.Thread):
    """Bids on the lots of some slots."""

    def __init__(
        self,
        name: str,
        context: Context,
        *,
        rng: random.Random,
        slots: Sequence[int],
        person: Person,
        behaviour: Behaviour,
    ) -> None:
        super().__init__(name=name, daemon=True)
        self.author = Author(name, person.id, "http")
        self._context, self._rng, self._slots, self._person = context, rng, slots, person
        self._behaviour = behaviour
        self._backoff, self._stopping = Backoff(rng), threading.Event()
        self._bids: dict[str, PostedBid] = {}
        self._keys = 0
        self._bid_at = time.monotonic()

    @property
    def pending(self) -> int:
        """How many bids have no outcome."""
        return len(self._bids)

    def stop(self) -> None:
        """Stop soon; join the thread to wait for that."""
        self._stopping.set()

    def run(self) -> None:
        """Until `stop`."""
        while not self._stopping.wait(TURN_S):
            try:
                self._run_due()
            except UnavailableError:
                self._stopping.wait(self._backoff.next_s())

    def _run_due(self) -> None:
        now = time.monotonic()
        for bid in [bid for bid in self._bids.values() if bid.due_at <= now]:
            bid.due_at = now + POLL_S
            self._poll(bid) if bid.bid_id else self._post(bid)
            self._backoff.reset()
        placing = self._behaviour.placing.is_set() and self.pending < PENDING_MAX
        if placing and now >= self._bid_at:
            self._bid_at = now + self._rng.expovariate(self._behaviour.bids_per_s)
            self._create_next()

    def _create_next(self) -> None:
        lot = self._context.market.lot(self._rng.choice(self._slots))
        if lot:
            self._keys += 1
            key = f"{self.name}-{self._keys}"
            offer = self._context.market.offer(lot.auction_id, self._rng)
            bid = {"type": "bid.place", **offer, "key": key}
            self._bids[key] = PostedBid(bid, waits_for_outcome=self._rng.random() < 1 / 2)

    def _post(self, bid: PostedBid) -> None:
        frame = bid.frame
        self._context.journal.write(self.author, "sent", frame)
        self._behaviour.duplicates.sent(self._person.id, frame)
        answer = self._person.request(
            "POST",
            f"/api/auctions/{frame['auction_id']}/bids",
            {name: frame[name] for name in ("amount", "kind", "confirm")},
            {
                "Idempotency-Key": frame["key"],
                **({"Prefer": "wait=2"} if bid.waits_for_outcome else {}),
            },
        )
        self._on_response(bid, answer)

    def _on_response(self, bid: PostedBid, answer: httpx.Response) -> None:
        match answer.status_code:
            case HTTPStatus.OK | HTTPStatus.ACCEPTED:
                receipt = answer.json()
                bid.bid_id = receipt["bid_id"]
                self._record({"type": "bid.received", **{name: receipt[name] for name in RECEIPT}})
                if answer.status_code == HTTPStatus.OK:
                    self._on_outcome(receipt)
            case HTTPStatus.GATEWAY_TIMEOUT:
                self._record({"type": "bid.unknown", "key": bid.frame["key"]})
            case HTTPStatus.UNAUTHORIZED:
                self._person.log_in()
            case HTTPStatus.SERVICE_UNAVAILABLE | HTTPStatus.TOO_MANY_REQUESTS:
                self._record_error(bid, answer)
                bid.due_at = time.monotonic() + float(answer.headers.get("Retry-After", 1))
            case HTTPStatus.INTERNAL_SERVER_ERROR:
                self._record_error(bid, answer)
            case _:
                self._record_error(bid, answer)
                del self._bids[bid.frame["key"]]

    def _poll(self, bid: PostedBid) -> None:
        answer = self._person.request("GET", f"/api/bids/{bid.bid_id}")
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            self._person.log_in()
        elif answer.status_code == HTTPStatus.OK:
            self._on_outcome(answer.json())

    def _on_outcome(self, known: Frame) -> None:
        if known["status"] in DECIDED:
            self._record({"type": "bid.result", **{name: known[name] for name in OUTCOME}})
            self._context.market.learn(known["auction_id"], known)
            self._context.market.outcomes += 1
            self._bids.pop(known["key"], None)

    def _record_error(self, bid: PostedBid, answer: httpx.Response) -> None:
        try:
            code = answer.json()["code"]
        except (ValueError, KeyError, TypeError):
            code = str(answer.status_code)
        error = {"type": "error", "code": code, "key": bid.frame["key"]}
        self._record({**error, "http_status": answer.status_code})

    def _record(self, frame: Frame) -> None:
        self._context.journal.write(self.author, "told", frame)
