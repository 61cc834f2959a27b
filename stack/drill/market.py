"""People, auctions and bids of the drill, over the house's HTTP API."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from stack.campaign.bidder import DECIDED
from stack.demo.api import PASSWORD, RefusedError, call

AUCTION_MINUTES = 30  # longer than a drill


@dataclass(frozen=True, slots=True)
class Person:
    """A signed-in user."""

    user_id: int
    email: str
    token: str


def join(name: str) -> Person:
    """Sign a new user up and in. Raise RefusedError."""
    email = f"{name}-{uuid4().hex[:8]}@example.org"
    person = {"email": email, "password": PASSWORD, "nickname": name}
    user_id = call("POST", "/api/auth/signup", person)["user"]["id"]
    return Person(int(user_id), email, log_in(email))


def log_in(email: str) -> str:
    """Return an access token. Raise RefusedError."""
    body = {"email": email, "password": PASSWORD, "delivery": "body"}
    return str(call("POST", "/api/auth/login", body)["access_token"])


def open_auction(seller: Person) -> int:
    """Open an auction that begins at 1,000 won; its id."""
    product = {"name": "drill", "description": "", "sale_type": "auction"}
    product_id = call("POST", "/api/products", product, token=seller.token)["id"]
    ends_at = datetime.now(UTC) + timedelta(minutes=AUCTION_MINUTES)
    auction = {
        "product_id": product_id,
        "starting_price": 1_000,
        "ends_at": ends_at.isoformat(timespec="milliseconds"),
    }
    return int(call("POST", "/api/auctions", auction, token=seller.token)["id"])


def bid(bidder: Person, auction_id: int, amount: int) -> dict[str, Any]:
    """Bid exactly this much; what the house answers once the log has the bid."""
    offer = {"amount": amount, "kind": "exact", "confirm": True}
    path = f"/api/auctions/{auction_id}/bids"
    return call("POST", path, offer, token=bidder.token, key=uuid4().hex)


def own_bid(bidder: Person, bid_id: str) -> dict[str, Any]:
    """Return an own bid with what is known of it. Raise RefusedError while that is nothing."""
    return call("GET", f"/api/bids/{bid_id}", token=bidder.token)


def is_decided(bidder: Person, bid_id: str) -> bool:
    """Whether an own bid has its outcome."""
    try:
        return own_bid(bidder, bid_id)["status"] in DECIDED
    except RefusedError:  # the house has not seen it yet
        return False


def auction(auction_id: int) -> dict[str, Any]:
    """Return an auction as a guest sees it. Raise RefusedError."""
    return call("GET", f"/api/auctions/{auction_id}")


def refusal(what: Callable[..., object], *arguments: object) -> str:
    """Return the code by which the house refuses this; empty when it does not."""
    try:
        what(*arguments)
    except RefusedError as refused:
        return refused.code
    return ""
