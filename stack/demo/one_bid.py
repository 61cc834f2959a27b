"""One bid from sign-up to outcome, on any house that is ready: the smoke test of a deployment."""

import time
from uuid import uuid4

from stack.client import STARTING_PRICE, Endpoint
from stack.faults import StackFault
from stack.websocket_client import Client, Frame

ANSWER_S = 30.0  # a stack that has just started is cold
RETRY_S = 1.0


def place_bid(endpoint: Endpoint) -> None:
    """Let a new seller auction something and a new bidder bid on it over a WebSocket.

    Raises StackFault when the bidder is not told within 30 s that the bid leads.
    """
    run = uuid4().hex[:12]
    seller, bidder = (endpoint.sign_up(f"{role} {run}") for role in ("Seller", "Bidder"))
    auction_id = seller.open_auction(name="Smoke test", lasts_s=600)["id"]
    bid = {"auction_id": auction_id, "amount": STARTING_PRICE, "confirm": True, "key": run}
    with bidder.connect() as client:
        outcome = _outcome_of({"type": "bid.place", **bid}, client)
    if outcome["status"] != "accepted" or outcome["standing"] != "leading":
        raise StackFault(f"the only bid does not lead: {outcome}")
    print(f"bid {outcome['bid_id']} leads auction {auction_id}")


def _outcome_of(bid: Frame, client: Client) -> Frame:
    """The outcome of the bid, which is sent again when the house says that this may help."""
    until = time.monotonic() + ANSWER_S
    client.send(bid)
    while (left_s := until - time.monotonic()) > 0:
        frame = client.receive(left_s)
        if frame is None:
            continue
        if frame["type"] == "bid.result":
            return frame
        if frame["type"] == "error":
            if not frame.get("retry"):
                raise StackFault(f"the bid was refused: {frame}")
            time.sleep(RETRY_S)
            client.send(bid)
    raise StackFault(f"no outcome within {ANSWER_S:.0f} s")
