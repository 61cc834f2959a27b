"""The target of abuse: users, lots and a room of its own on a running house."""

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

from stack.campaign.people import Endpoint, Person, UnavailableError
from stack.faults import StackFault
from stack.hostile.abuses import GUESTS, Target

SOCKETS = 5  # that a user may have
LOTS = 4
LASTS = timedelta(hours=1)


def prepare_target(endpoint: Endpoint, *, gateway_port: int, metrics_port: int) -> Target:
    """Sign abusers and their victim up, and put lots up. Raise StackFault when it cannot be."""
    with ExitStack() as stack:
        names = ["Seller", "Victim", *(f"Abuser {n}" for n in range(2 * GUESTS // SOCKETS))]
        people = [Person(endpoint, name) for name in names]
        for person in people:
            stack.callback(person.close)
        try:
            for person in people:
                person.sign_up()
            seller, victim, *abusers = people
            lot_ids = [_put_up(seller) for _ in range(LOTS)]
            room = {"type": "auction", "auction_id": lot_ids[0]}
            room_id = int(seller.call("POST", "/api/rooms", room)["id"])
            for abuser in abusers:
                abuser.request("POST", f"/api/rooms/{room_id}/join")
        except UnavailableError as error:
            raise StackFault(f"people cannot be signed up: {error}") from error
    tokens = [abuser.token for abuser in abusers]
    half = len(tokens) // 2
    return Target(
        gateway_port,
        metrics_port,
        lot_ids,
        tokens[:half],
        room_id=room_id,
        intruders=tuple(tokens[half:]),
        victim=victim.email,
    )


def _put_up(seller: Person) -> int:
    product = {"name": "a lot", "description": "", "sale_type": "auction", "currency": "KRW"}
    product_id = seller.call("POST", "/api/products", product)["id"]
    ends_at = (datetime.now(UTC) + LASTS).isoformat()
    lot = {"product_id": product_id, "starting_price": 1_000, "ends_at": ends_at}
    return int(seller.call("POST", "/api/auctions", lot)["id"])
