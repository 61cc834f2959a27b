"""Honest bidders, at a steady rate, and how long they wait for their receipts."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from math import ceil, inf
from uuid import uuid4

from stack.websocket_client import Frame
from tests.e2e.client import Socket

BIDS_PER_S = 3.0  # of each, in turn: a fraction of what two cores carry


class HonestBidders:
    """Bidders who each bid on a lot of their own. `sockets` and `lots` belong together."""

    def __init__(self, sockets: Sequence[Socket], lots: Sequence[Frame]) -> None:
        self._at = list(zip(sockets, lots, strict=True))
        self._amounts = count(2_000, 1_000)

    def receipt_waits_s(self, seconds: float) -> list[float]:
        """Bid for this time; return the waits for a receipt.

        A wait begins when the bid was due, so a gateway that stands still delays all that follow;
        who has waited longer than all his bids should take sends no more. A bid that is refused
        waits for ever; one whose fate is unknown has waited in vain.
        """
        for socket, _ in self._at:
            socket.frames.clear()  # else each answer is looked for among all before
        with ThreadPoolExecutor(len(self._at)) as pool:
            jobs = [pool.submit(self._bid, place, seconds) for place in range(len(self._at))]
            return [wait_s for job in jobs for wait_s in job.result()]

    def _bid(self, place: int, seconds: float) -> list[float]:
        socket, lot = self._at[place]
        began, receipt_waits_s = time.monotonic(), list[float]()
        for number in range(int(seconds * BIDS_PER_S)):
            due_at = began + (number + place / len(self._at)) / BIDS_PER_S
            time.sleep(max(0.0, due_at - time.monotonic()))
            fields = {"auction_id": lot["id"], "amount": next(self._amounts), "confirm": True}
            answer = socket.request("bid.place", key=uuid4().hex, **fields)
            is_refused = answer["type"] not in ("bid.received", "bid.unknown")
            receipt_waits_s.append(inf if is_refused else time.monotonic() - due_at)
            if receipt_waits_s[-1] > seconds:
                break
        return receipt_waits_s


def p99(receipt_waits_s: Sequence[float]) -> float:
    """The 99th percentile."""
    return sorted(receipt_waits_s)[ceil(0.99 * len(receipt_waits_s)) - 1]
