"""Bidders who bid by HTTP: each bid is repeated with its key until its outcome is known."""

import time
from dataclasses import dataclass
from http import HTTPStatus

import httpx

from stack.campaign.bidder import PENDING_MAX
from stack.campaign.threads import Backoff, StoppableThread
from stack.campaign.watcher import ClientSettings
from stack.client import DECIDED, OUTCOME, RECEIPT, CallError, RefusedError, User
from stack.websocket_client import Frame

TURN_S = 0.05
POLL_S = 0.5
WAIT_S = 2  # for the outcome, by some requests


@dataclass(slots=True)
class PostedBid:
    """A bid without an outcome; `bid_id` is empty until it is acknowledged."""

    frame: Frame
    due_at: float = 0.0
    bid_id: str = ""
    waits_for_outcome: bool = False


class HttpBidder(StoppableThread):
    """Bids on the lots of some slots."""

    def __init__(self, settings: ClientSettings, user: User) -> None:
        super().__init__(settings.name)
        self.author = settings.author("http")
        self._settings, self._context, self._user = settings, settings.context, user
        self._rng, self._backoff = settings.rng, Backoff(settings.rng)
        self._bids: dict[str, PostedBid] = {}
        self._keys = 0
        self._bid_at = time.monotonic()

    @property
    def pending(self) -> int:
        """How many bids have no outcome."""
        return len(self._bids)

    def run(self) -> None:
        """Until `stop`."""
        while not self._stopping.wait(TURN_S):
            try:
                self._run_due()
            except CallError:
                self._stopping.wait(self._backoff.next_s())

    def _run_due(self) -> None:
        now = time.monotonic()
        for bid in [bid for bid in self._bids.values() if bid.due_at <= now]:
            bid.due_at = now + POLL_S
            self._poll(bid) if bid.bid_id else self._post(bid)
            self._backoff.reset()
        placing = self._context.placing.is_set() and self.pending < PENDING_MAX
        if placing and now >= self._bid_at:
            self._bid_at = now + self._rng.expovariate(self._settings.bids_per_s)
            self._create_next()

    def _create_next(self) -> None:
        lot = self._context.market.lot(self._rng.choice(self._settings.slots))
        if lot:
            self._keys += 1
            key = f"{self.name}-{self._keys}"
            offer = self._context.market.offer(lot.auction_id, self._rng)
            bid = {"type": "bid.place", **offer, "key": key}
            self._bids[key] = PostedBid(bid, waits_for_outcome=self._rng.random() < 1 / 2)

    def _post(self, bid: PostedBid) -> None:
        frame = bid.frame
        self._context.journal.write(self.author, "sent", frame)
        if self._context.duplicates:
            self._context.duplicates.sent(self._user.id, frame)
        answer = self._user.post_bid(
            frame["auction_id"],
            key=frame["key"],
            wait_s=WAIT_S if bid.waits_for_outcome else 0,
            **{name: frame[name] for name in ("amount", "kind", "confirm")},
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
                self._user.log_in()
            case HTTPStatus.SERVICE_UNAVAILABLE | HTTPStatus.TOO_MANY_REQUESTS:
                self._record_error(bid, answer)
                bid.due_at = time.monotonic() + float(answer.headers.get("Retry-After", 1))
            case HTTPStatus.INTERNAL_SERVER_ERROR:
                self._record_error(bid, answer)
            case _:
                self._record_error(bid, answer)
                del self._bids[bid.frame["key"]]

    def _poll(self, bid: PostedBid) -> None:
        answer = self._user.request("GET", f"/api/bids/{bid.bid_id}")
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            self._user.log_in()
        elif answer.status_code == HTTPStatus.OK:
            self._on_outcome(answer.json())

    def _on_outcome(self, known: Frame) -> None:
        if known["status"] in DECIDED:
            self._record({"type": "bid.result", **{name: known[name] for name in OUTCOME}})
            self._context.market.learn(known["auction_id"], known)
            self._context.market.outcomes += 1
            self._bids.pop(known["key"], None)

    def _record_error(self, bid: PostedBid, answer: httpx.Response) -> None:
        error = {"type": "error", "code": RefusedError(answer).code, "key": bid.frame["key"]}
        self._record({**error, "http_status": answer.status_code})

    def _record(self, frame: Frame) -> None:
        self._context.journal.write(self.author, "told", frame)
