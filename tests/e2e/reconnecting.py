"""Users who bid during restarts, and reconnect as wire.md requires."""

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from uuid import uuid4

import httpx
from websocket import WebSocketException

from stack.client import CallError
from stack.slowness import Deadline
from tests.e2e.bidders import DECIDED, Bidder, check_all
from tests.e2e.client import Socket
from tests.e2e.people import Gateway, Person
from tests.integration.lanes.cluster import LaneCluster
from tests.waiting import WAIT_S, wait_until

OUTCOME_WAIT_S = 5.0  # for an outcome after its receipt, before its status is asked
PAUSE_FIRST_S, PAUSE_MAX_S = 0.5, 15.0
CONNECTION_ERRORS = (OSError, WebSocketException, CallError, AssertionError)


class ReconnectingBidder(Bidder):
    """A bidder with one socket at any gateway, who reconnects when it ends."""

    def __init__(self, person: Person, lot_id: int, at: Sequence[Gateway]) -> None:
        super().__init__(person, lot_id, at[:1])
        self._gateways = list(at)
        self.recovered: dict[str, str] = {}  # by key, the statuses of bids that were recovered

    def bid_while(self, goes_on: Callable[[], bool], amounts: Iterator[int]) -> None:
        """Place one bid after the other, each until its outcome is known."""
        while goes_on():
            self.bid_until_decided(next(amounts))

    def bid_until_decided(self, amount: int) -> None:
        """Place a bid, and again under the same key where it is not known, until it is decided."""
        key, deadline = uuid4().hex, Deadline(WAIT_S)
        self._try(lambda socket: self._send_bid(socket, amount, key))
        while not self._has_outcome(key):
            assert not deadline.passed(), f"no outcome of {key} within {deadline}"
            self._try(lambda socket: self._recover_outcome(socket, amount, key))

    def _try(self, act: Callable[[Socket], None]) -> None:
        """Do something at our socket; when that ends, or has ended, at another next time."""
        if self.sockets[0].close_code is not None:
            self._reconnect_later()
        try:
            act(self.sockets[0])
        except CONNECTION_ERRORS:
            if self.sockets[0].close_code is None:
                raise

    def _send_bid(self, socket: Socket, amount: int, key: str) -> None:
        self.bid(amount, socket, key)
        ((_, frame_id, _),) = self._sent
        self._sent.clear()
        answer = socket.wait_for_end_or_answer(frame_id)
        if answer is not None and answer["type"] == "error":
            assert answer["retry"], answer
            time.sleep(answer["retry_after_ms"] / 1_000)
            return
        self._wait_outcome(socket, key)

    def _recover_outcome(self, socket: Socket, amount: int, key: str) -> None:
        status = socket.request("bid.status", auction_id=self.lot_id, key=key)["status"]
        if status == "unknown":
            self._send_bid(socket, amount, key)
        elif status in DECIDED:
            self.recovered[key] = status
        else:
            self._wait_outcome(socket, key)

    def _wait_outcome(self, socket: Socket, key: str) -> None:
        deadline = time.monotonic() + OUTCOME_WAIT_S
        wait_until(
            lambda: (
                self._has_outcome(key)
                or socket.close_code is not None
                or time.monotonic() > deadline
            ),
            what=f"the outcome of {key}, or the end of patience",
        )

    def _has_outcome(self, key: str) -> bool:
        return key in self.recovered or any(f["key"] == key for f in self.received("bid.result"))

    def _reconnect_later(self) -> None:
        """Reconnect when `bye` says, else with growing pauses."""
        byes, pause_s = self.sockets[0].pushes("bye"), PAUSE_FIRST_S
        time.sleep(byes[-1]["retry_after_ms"] / 1_000 if byes else random.uniform(0, pause_s))
        while self.sockets[0].close_code is not None:
            self._gateways.append(self._gateways.pop(0))
            self.at = self._gateways[:1]
            try:
                self.reconnect()
            except CONNECTION_ERRORS:
                time.sleep(random.uniform(0, pause_s))
                pause_s = min(2 * pause_s, PAUSE_MAX_S)


@contextmanager
def bid_in_background(
    regulars: Sequence[ReconnectingBidder], requesters: Sequence[Bidder], at: Sequence[Gateway]
) -> Iterator[None]:
    """All bid in background threads, until left; their errors are raised then."""
    over, amounts = threading.Event(), count(2_000, 1_000)
    goes_on: Callable[[], bool] = lambda: not over.is_set()  # noqa: E731 - needs its type
    with ThreadPoolExecutor() as pool:
        jobs = [pool.submit(regular.bid_while, goes_on, amounts) for regular in regulars]
        jobs += [pool.submit(bid_by_requests, one, at, goes_on, amounts) for one in requesters]
        try:
            yield
        finally:
            over.set()
    for job in jobs:
        job.result()


def bid_by_requests(
    bidder: Bidder, at: Sequence[Gateway], goes_on: Callable[[], bool], amounts: Iterator[int]
) -> None:
    """Place one bid after the other over HTTP, each under one key until it is acknowledged."""
    while goes_on():
        _post_until_acknowledged(bidder, at, next(amounts))
        time.sleep(0.05)


def _post_until_acknowledged(bidder: Bidder, at: Sequence[Gateway], amount: int) -> None:
    key, deadline = uuid4().hex, Deadline(WAIT_S)
    while not deadline.passed():
        answer = _post(bidder, random.choice(at), amount, key)
        if answer is not None and answer.status_code == 202:
            bidder.amounts[key] = amount
            bidder.receipts.append(answer.json())
            return
        assert answer is None or answer.status_code in (503, 504), answer.text
    raise AssertionError(f"{key} was not acknowledged within {deadline}")


def _post(bidder: Bidder, at: Gateway, amount: int, key: str) -> httpx.Response | None:
    """Return the response; None when the connection failed, and the bid is of unknown fate."""
    try:
        answer = bidder.person.post_bid(bidder.lot_id, key=key, at=at, amount=amount)
    except CallError:
        time.sleep(random.uniform(0, PAUSE_FIRST_S))
        return None
    if answer.status_code == 503:
        time.sleep(int(answer.headers["Retry-After"]))
    return answer


def check_bids(
    lanes: LaneCluster,
    gateway: Gateway,
    requesters: Sequence[Bidder],
    regulars: Sequence[ReconnectingBidder],
) -> None:
    """Check that every bid is decided once, in the order of the log, and was delivered."""
    bidders = [*requesters, *regulars]
    for one in bidders:
        one.reconnect()
    for requester in requesters:
        requester.recover_outcomes()
    receipts = [receipt for one in regulars for receipt in one.received("bid.received")]
    check_all(lanes, gateway, bidders, receipts[0])
    for regular in regulars:
        assert set(regular.recovered.values()) <= set(DECIDED)
        assert {frame["status"] for frame in regular.received("bid.result")} <= set(DECIDED)
    for one in bidders:
        one.close()
