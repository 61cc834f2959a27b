"""One bid from sign-up to outcome, on any house that is ready: the smoke test of a deployment."""

import itertools
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from simple_websocket import Client
from simple_websocket.errors import SimpleWebsocketError

from stack.demo.api import call, signed_in, signed_in_socket
from stack.faults import StackFault

ANSWER_S = 30.0  # a house that has just come up is cold
RETRY_S = 1.0
STARTING_PRICE = 1_000


def place_bid() -> None:
    """Let a new seller auction something and a new bidder bid on it over a WebSocket.

    Raises StackFault when the bidder is not told within 30 s that the bid leads.
    """
    run = uuid4().hex[:12]
    auction_id = _new_auction(signed_in(f"seller-{run}@example.com", f"Seller {run}"))
    token = signed_in(f"bidder-{run}@example.com", f"Bidder {run}")
    bid = {"auction_id": auction_id, "amount": STARTING_PRICE, "confirm": True, "key": run}
    try:
        with signed_in_socket(token) as socket:
            outcome = _outcome_of(bid, socket)
    except SimpleWebsocketError as end:
        raise StackFault(f"the socket failed: {end}") from end
    if outcome["status"] != "accepted" or outcome["standing"] != "leading":
        raise StackFault(f"the only bid does not lead: {outcome}")
    print(f"bid {outcome['bid_id']} leads auction {auction_id}")


def _new_auction(token: str) -> int:
    product = {"name": "Smoke test", "description": "Sold to nobody.", "sale_type": "auction"}
    auction = {
        "product_id": call("POST", "/api/products", product, token=token)["id"],
        "starting_price": STARTING_PRICE,
        "ends_at": (datetime.now(UTC) + timedelta(minutes=10)).isoformat(),
    }
    return int(call("POST", "/api/auctions", auction, token=token)["id"])


def _outcome_of(bid: dict[str, Any], socket: Client) -> dict[str, Any]:
    """The outcome of the bid, which is sent again when the house says that this may help."""
    until = time.monotonic() + ANSWER_S
    frame_ids = itertools.count(2)
    _send(bid, socket, next(frame_ids))
    while (frame := _next_frame(socket, until))["type"] != "bid.result":
        if frame["type"] != "error":
            continue
        if not frame.get("retry"):
            raise StackFault(f"the bid was refused: {frame}")
        time.sleep(RETRY_S)
        _send(bid, socket, next(frame_ids))
    return frame


def _send(bid: dict[str, Any], socket: Client, frame_id: int) -> None:
    socket.send(json.dumps({"id": frame_id, "type": "bid.place", **bid}))


def _next_frame(socket: Client, until: float) -> dict[str, Any]:
    text = socket.receive(timeout=max(until - time.monotonic(), 0))
    if text is None:
        raise StackFault(f"no outcome within {ANSWER_S:.0f} s")
    frame: dict[str, Any] = json.loads(text)
    return frame
