"""Placing bids, and their receipts and outcomes."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from stack.client import RECEIPT
from stack.websocket_client import Frame
from tests.e2e.client import Socket
from tests.waiting import wait_until

OUTCOME = (
    "status", "standing", "code", "seq", "alias", "price", "minimum_next_bid", "ends_at",
    "decided_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BidAnswers:
    """Both answers to a bid: its receipt and its outcome, without the frames' own fields."""

    receipt: Frame
    outcome: Frame

    @property
    def key(self) -> str:
        """The client's own name of the bid."""
        return str(self.receipt["key"])


def place(socket: Socket, lot: Frame, amount: int, **fields: Any) -> Frame:
    """Send a bid with a new key, or `key`, again while that may help; the last answer."""
    frame = {"auction_id": lot["id"], "amount": amount, "key": uuid4().hex, **fields}
    answers: list[Frame] = []

    def is_final() -> bool:
        answers.append(socket.request("bid.place", **frame))
        return not answers[-1].get("retry")

    wait_until(is_final, what="the gateway has connected to the log")
    return answers[-1]


def bid(socket: Socket, lot: Frame, amount: int, **fields: Any) -> BidAnswers:
    """Place a bid that is received, and wait for its outcome; they may come in either order."""
    answer = place(socket, lot, amount, **fields)
    assert answer["type"] == "bid.received", answer
    result = socket.push("bid.result", bid_id=answer["bid_id"])
    return BidAnswers(
        {name: answer[name] for name in RECEIPT}, {name: result[name] for name in OUTCOME}
    )


def refusal(socket: Socket, lot: Frame, amount: int, **fields: Any) -> str:
    """The code with which a bid that is received is then rejected."""
    outcome = bid(socket, lot, amount, **fields).outcome
    assert (outcome["status"], outcome["standing"], outcome["seq"]) == ("rejected", None, None)
    return str(outcome["code"])


def watch(socket: Socket, lot: Frame) -> Frame:
    """Subscribe to an auction; the snapshot."""
    snapshot = socket.request("subscribe", channel=channel_of(lot))
    assert snapshot["type"] == "subscribed", snapshot
    return snapshot


def channel_of(lot: Frame) -> str:
    """Where an auction's states are pushed."""
    return f"auction:{lot['id']}"
