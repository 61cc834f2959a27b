"""The abuses: what one client of each sends, how often, and from how many addresses.

All stay inside the limits of an address, or a bounded way above them.
"""

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

from stack.hostile.frames import CONTINUATION, PING, TEXT, frame, handshake, message, post, request

GUESTS = 50


@dataclass(frozen=True, slots=True)
class Target:
    """The ports of the gateway and of the metrics, the lots that can be asked for, and a room.

    `tokens` are access tokens of people, as many as fill GUESTS sockets, and members of the room;
    `intruders` are those of as many others, for intrusions. `victim` is the e-mail address of an
    account that is none of theirs.
    """

    gateway_port: int
    metrics_port: int
    lot_ids: list[int]
    tokens: list[str]
    room_id: int = 1
    intruders: tuple[str, ...] = ()
    victim: str = "a@example.org"

    @property
    def origin(self) -> str:
        """The gateway's own."""
        return f"http://127.0.0.1:{self.gateway_port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Abuse:
    """What each of `clients` connections sends: `burst(0)`, `burst(1)`, …, `per_s` times a second.

    `opening` goes before, and one of `after_opening` when its answer's headers are complete.
    """

    burst: Callable[[int], bytes]
    per_s: float
    opening: bytes = b""
    after_opening: tuple[bytes, ...] = ()  # the clients take turns
    clients: int = GUESTS
    addresses: int = GUESTS
    asks_metrics: bool = False

    def port(self, target: Target) -> int:
        """Where it connects to."""
        return target.metrics_port if self.asks_metrics else target.gateway_port


def guest(
    target: Target,
    burst: Callable[[int], bytes],
    per_s: float,
    *,
    clients: int = GUESTS,
    addresses: int = GUESTS,
) -> Abuse:
    """Guests' sockets."""
    return Abuse(
        burst=burst,
        per_s=per_s,
        opening=handshake(target.origin),
        after_opening=(message(-1, "auth"),),
        clients=clients,
        addresses=addresses,
    )


def combining(size_bytes: int) -> str:
    """So many bytes of marks that normalising has to sort, each past all before it."""
    return "a" + "\u0301\u0323" * (size_bytes // 4)


def chat_of_marks(target: Target) -> Abuse:
    """Messages of 16 KB by people, who may send as many bytes a second: a guest's are not read."""
    text = combining(15_800)
    return Abuse(
        burst=lambda n: message(n, "chat.send", room_id=target.room_id, text=text, key=f"k{n}"),
        per_s=4,
        opening=handshake(target.origin),
        after_opening=tuple(message(-1, "auth", token=token) for token in target.tokens),
    )


def log_ins_of_marks(_: Target) -> Abuse:
    """Anonymous log-ins of 127 KB, ten a minute from each address pass."""
    body = {"email": "a@example.org", "password": combining(127 * 1024 - 200)}
    head = "Content-Type: application/json\r\n"
    sent = request("POST", "/api/auth/login", head, json.dumps(body, ensure_ascii=False).encode())
    return Abuse(burst=lambda _: sent, per_s=1)


def log_ins(_: Target) -> Abuse:
    """Wrong passwords of ever new accounts: ten a minute from each address cost a hash."""

    def burst(_: int) -> bytes:
        return post("/api/auth/login", {"email": f"{uuid4().hex}@example.org", "password": "x" * 9})

    return Abuse(burst=burst, per_s=1)


def pings(target: Target) -> Abuse:
    """Sockets that ping without end."""
    sent = frame(PING, b"") * 1_000
    return guest(target, lambda _: sent, per_s=10)


def empty_fragments(target: Target) -> Abuse:
    """A message that never ends, in parts without a byte."""
    begun = frame(TEXT, b"", is_last=False)
    sent = frame(CONTINUATION, b"", is_last=False) * 1_000
    return guest(target, lambda n: sent if n else begun, per_s=10)


def frame_flood(target: Target) -> Abuse:
    """Twenty-five times the frames that a socket may send."""

    def burst(number: int) -> bytes:
        first = number * 50
        return b"".join(message(n, "time", client_ms=1) for n in range(first, first + 50))

    return guest(target, burst, per_s=10)


def pipelined_health(_: Target) -> Abuse:
    """Requests that do not wait for the answer to the one before."""
    sent = request("GET", "/healthz") * 100
    return Abuse(burst=lambda _: sent, per_s=10)


def half_open_requests(_: Target) -> Abuse:
    """Headers that trickle, bodies that stop: eight connections from each address."""
    which = itertools.cycle(
        [
            b"GET /api/auctions HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
            request("POST", "/api/auth/login", "Content-Length: 1000\r\n") + b'{"email": "',
        ]
    )
    return Abuse(burst=lambda n: b"a" if n else next(which), per_s=2, clients=8 * GUESTS)


def sockets_from_one_address(target: Target) -> Abuse:
    """Six times as many sockets as guests elsewhere open, from one address."""
    return guest(
        target,
        lambda n: message(n, "time", client_ms=1),
        per_s=1,
        clients=6 * GUESTS,
        addresses=1,
    )


def snapshots_by_request(target: Target) -> Abuse:
    """Guests who read auctions, bids and lists, as often as an address may."""
    asked = [
        request("GET", path)
        for lot_id in target.lot_ids
        for path in (f"/api/auctions/{lot_id}", f"/api/auctions/{lot_id}/bids", "/api/auctions")
    ]
    return Abuse(burst=lambda n: asked[n % len(asked)], per_s=9)


def snapshots_by_socket(target: Target) -> Abuse:
    """Guests who subscribe to auctions and to the list, as often as a socket may."""
    names = [*(f"auction:{lot_id}" for lot_id in target.lot_ids), "auctions"]
    return guest(
        target,
        lambda n: message(n, "subscribe", channel=names[n % len(names)]),
        per_s=19,
    )


def broken_handshakes(target: Target) -> Abuse:
    """Handshakes without a key, and of another version."""
    which = [handshake(target.origin, key=""), handshake(target.origin, version=7)]
    return Abuse(burst=lambda n: which[n % 2], per_s=5)


def unknown_paths(_: Target) -> Abuse:
    """Paths and methods that are not there, as often as an address may ask."""
    which = [request("GET", "/api/nothing"), request("FROB", "/api/auctions"), request("GET", "/x")]
    return Abuse(burst=lambda n: which[n % 3], per_s=9)


def metrics(_: Target) -> Abuse:
    """Ten clients on `/metrics`, at the port of its own that they have."""
    sent = request("GET", "/metrics")
    return Abuse(burst=lambda _: sent, per_s=5, clients=10, addresses=10, asks_metrics=True)


ABUSES: dict[str, Callable[[Target], Abuse]] = {
    make.__name__: make
    for make in (
        chat_of_marks,
        log_ins_of_marks,
        log_ins,
        pings,
        empty_fragments,
        frame_flood,
        pipelined_health,
        half_open_requests,
        sockets_from_one_address,
        snapshots_by_request,
        snapshots_by_socket,
        broken_handshakes,
        unknown_paths,
        metrics,
    )
}
