"""The target of abuse: users, lots and a room of its own on a running house."""

from stack.client import CallError, Endpoint
from stack.faults import StackFault
from stack.hostile.abuses import GUESTS, Target

SOCKETS = 5  # that a user may have
LOTS = 4


def prepare_target(endpoint: Endpoint, *, gateway_port: int, metrics_port: int) -> Target:
    """Sign abusers and their victim up, and put lots up. Raise StackFault when it cannot be."""
    try:
        seller, victim = endpoint.sign_up("Seller"), endpoint.sign_up("Victim")
        abusers = [endpoint.sign_up(f"Abuser {n}") for n in range(2 * GUESTS // SOCKETS)]
        lot_ids = [seller.open_auction()["id"] for _ in range(LOTS)]
        room = seller.call("POST", "/api/rooms", {"type": "auction", "auction_id": lot_ids[0]})
        for abuser in abusers:
            abuser.request("POST", f"/api/rooms/{room['id']}/join")
    except CallError as error:
        raise StackFault(f"people cannot be signed up: {error}") from error
    finally:
        endpoint.close_connections()
    tokens = [abuser.token for abuser in abusers]
    half = len(tokens) // 2
    return Target(
        gateway_port,
        metrics_port,
        lot_ids,
        tokens[:half],
        room_id=int(room["id"]),
        intruders=tuple(tokens[half:]),
        victim=victim.email,
    )
