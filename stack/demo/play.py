"""Twenty lively bidders on the open demo auctions, through real sockets."""

import random
import threading
import time
from uuid import uuid4

from app.domain.money import AMOUNT_MAX
from stack.client import CallError, Endpoint, User
from stack.demo import PASSWORD
from stack.demo.seed import SELLER_NAME, joined
from stack.websocket_client import Client, ConnectionLostError, Frame

BIDDERS = 20
PAUSE_S = (1.0, 8.0)  # between two bids of one bidder
MINUTES = 10
RAISE_MAX = 3  # steps above the minimum


def play(endpoint: Endpoint) -> None:
    """Bid for ten minutes, or until interrupted."""
    until = time.monotonic() + MINUTES * 60
    players = [
        joined(User(endpoint, f"Player {n}", email=f"player{n}@example.com", password=PASSWORD))
        for n in range(BIDDERS)
    ]
    threads = [
        threading.Thread(target=_play, args=(player, until), daemon=True) for player in players
    ]
    for thread in threads:
        thread.start()
    print(f"{BIDDERS} bidders play for {MINUTES} minutes at {endpoint.base_url}", flush=True)
    for thread in threads:
        thread.join()


def _play(player: User, until: float) -> None:
    try:
        with player.connect() as client:
            while time.monotonic() < until:
                if bid := _next_bid(player.endpoint):
                    client.send(bid)
                _read_for(random.uniform(*PAUSE_S), client)  # noqa: S311 - liveliness
    except (ConnectionLostError, CallError) as end:
        print(f"a bidder left: {end}", flush=True)


def _read_for(seconds: float, client: Client) -> None:
    """Read what comes meanwhile, which answers pings."""
    until = time.monotonic() + seconds
    while (left_s := until - time.monotonic()) > 0:
        client.receive(left_s)


def _next_bid(endpoint: Endpoint) -> Frame | None:
    """A bid a little above the minimum of some demo auction; a newcomer's own are left alone."""
    found = endpoint.call("GET", "/api/auctions?status=open")["items"]
    auctions = [auction for auction in found if auction["seller"]["nickname"] == SELLER_NAME]
    if not auctions:
        return None
    auction = random.choice(auctions)  # noqa: S311
    minimum = auction["minimum_next_bid"]
    if minimum is None:  # the largest amount is reached: no further bid is possible
        return None
    step = max(minimum - auction["price"], 1)
    amount = min(minimum + random.randint(0, RAISE_MAX) * step, AMOUNT_MAX)  # noqa: S311
    bid = {"auction_id": auction["id"], "amount": amount, "confirm": True, "key": uuid4().hex}
    return {"type": "bid.place", **bid}
