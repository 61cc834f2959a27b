"""The abuses: what one client of each sends, how often, and from how many addresses.

All stay inside the limits of an address, or a bounded way above them.
"""

import base64
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass

TEXT, CONTINUATION, PING = 0x1, 0x0, 0x9
GUESTS = 50
KEEP = "Host: 127.0.0.1\r\nConnection: keep-alive\r\n"


@dataclass(frozen=True, slots=True)
class Target:
    """The ports of the gateway and of the metrics, and the lots that can be asked for.

    `tokens` are access tokens of people, as many as fill GUESTS sockets.
    """

    gateway_port: int
    metrics_port: int
    lot_ids: list[int]
    tokens: list[str]


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


def frame(opcode: int, payload: bytes, *, is_last: bool = True) -> bytes:
    """A client's frame, under the mask 0: it costs the server as much as any other."""
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else bytes([0x80 | 126]) + size.to_bytes(2, "big")
    return bytes([opcode | (0x80 if is_last else 0)]) + length + bytes(4) + payload


def message(number: int, type_: str, **fields: object) -> bytes:
    """A text frame as wire.md has it; ids rise with `number`, above that of `auth`."""
    body = {"id": number + 1, "type": type_, **fields}
    return frame(TEXT, json.dumps(body, ensure_ascii=False).encode())


def request(method: str, path: str, headers: str = "", body: bytes = b"") -> bytes:
    """An HTTP request on a connection that stays."""
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return f"{method} {path} HTTP/1.1\r\n{KEEP}{headers}{length}\r\n".encode() + body


def handshake(target: Target, *, version: int = 13, key: str | None = None) -> bytes:
    """A request to become a WebSocket, from the gateway's own origin."""
    key = base64.b64encode(bytes(16)).decode() if key is None else key
    return (
        f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Origin: http://127.0.0.1:{target.gateway_port}\r\n"
        f"Sec-WebSocket-Version: {version}\r\nSec-WebSocket-Key: {key}\r\n\r\n"
    ).encode()


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
        opening=handshake(target),
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
        burst=lambda n: message(n, "chat.send", room_id=1, text=text, key=f"k{n}"),
        per_s=4,
        opening=handshake(target),
        after_opening=tuple(message(-1, "auth", token=token) for token in target.tokens),
    )


def log_ins_of_marks(target: Target) -> Abuse:
    """Anonymous log-ins of 127 KB, ten a minute from each address pass."""
    body = {"email": "a@example.org", "password": combining(127 * 1024 - 200)}
    head = "Content-Type: application/json\r\n"
    sent = request("POST", "/api/auth/login", head, json.dumps(body, ensure_ascii=False).encode())
    return Abuse(burst=lambda _: sent, per_s=1)


def log_ins(target: Target) -> Abuse:
    """Wrong passwords, ten a minute from each address pass, and each costs a hash."""
    body = json.dumps({"email": "a@example.org", "password": "wrong horse battery"}).encode()
    sent = request("POST", "/api/auth/login", "Content-Type: application/json\r\n", body)
    return Abuse(burst=lambda _: sent, per_s=1)


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


def pipelined_health(target: Target) -> Abuse:
    """Requests that do not wait for the answer to the one before."""
    sent = request("GET", "/healthz") * 100
    return Abuse(burst=lambda _: sent, per_s=10)


def half_open_requests(target: Target) -> Abuse:
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
    which = [handshake(target, key=""), handshake(target, version=7)]
    return Abuse(burst=lambda n: which[n % 2], per_s=5)


def unknown_paths(target: Target) -> Abuse:
    """Paths and methods that are not there, as often as an address may ask."""
    which = [request("GET", "/api/nothing"), request("FROB", "/api/auctions"), request("GET", "/x")]
    return Abuse(burst=lambda n: which[n % 3], per_s=9)


def metrics(target: Target) -> Abuse:
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
