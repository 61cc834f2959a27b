"""Twenty lively bidders on the open demo auctions, through real sockets."""

import json
import os
import random
import threading
import time
from typing import Any
from uuid import uuid4

from simple_websocket import ConnectionClosed

from app.domain.money import AMOUNT_MAX
from stack.demo.api import RefusedError, call, signed_in, signed_in_socket
from stack.demo.seed import SELLER_NAME

BIDDERS = 20
PAUSE_S = (1.0, 8.0)  # between two bids of one bidder
MINUTES = 10
RAISE_MAX = 3  # steps above the minimum


def play() -> None:
    """Bid for ten minutes, or until interrupted."""
    until = time.monotonic() + MINUTES * 60
    tokens = [signed_in(f"player{n}@example.com", f"Player {n}") for n in range(BIDDERS)]
    threads = [
        threading.Thread(target=_bidder, args=(token, until), daemon=True) for token in tokens
    ]
    for thread in threads:
        thread.start()
    print(f"{BIDDERS} bidders play for {MINUTES} minutes at {os.environ['BASE_URL']}", flush=True)
    for thread in threads:
        thread.join()


def _bidder(token: str, until: float) -> None:
    try:
        with signed_in_socket(token) as socket:
            frame_id = 1
            while time.monotonic() < until:
                frame_id += 1
                socket.receive(timeout=0)
                bid = _next_bid()
                if bid is not None:
                    socket.send(json.dumps({"id": frame_id, "type": "bid.place", **bid}))
                time.sleep(random.uniform(*PAUSE_S))  # noqa: S311 - liveliness
    except (ConnectionClosed, RefusedError) as end:
        print(f"a bidder left: {end}", flush=True)


def _next_bid() -> dict[str, Any] | None:
    """A bid a little above the minimum of some demo auction; a newcomer's own are left alone."""
    found = call("GET", "/api/auctions?status=open")["items"]
    auctions = [auction for auction in found if auction["seller"]["nickname"] == SELLER_NAME]
    if not auctions:
        return None
    auction = random.choice(auctions)  # noqa: S311
    minimum = auction["minimum_next_bid"]
    if minimum is None:  # the largest amount there is: nobody can bid any more
        return None
    step = max(minimum - auction["price"], 1)
    amount = min(minimum + random.randint(0, RAISE_MAX) * step, AMOUNT_MAX)  # noqa: S311
    return {"auction_id": auction["id"], "amount": amount, "confirm": True, "key": uuid4().hex}
