"""Rights per frame: every type has rows here, and one without fails the first test."""

from typing import Any

import pytest

from app.protocol.frames import CLIENT_FRAMES
from tests.unit.ws.builders import Client, FakeServices

ANYONE, SIGNED_IN, MEMBER = "everybody", "signed in", "member"
ROOM = 5  # its only member is the user of that number
# By type and subject; frames of an auction and of all auctions are public.
RIGHTS: dict[tuple[str, str], tuple[str, dict[str, Any]]] = {
    ("auth", ""): (ANYONE, {}),
    ("time", ""): (ANYONE, {"client_ms": 1}),
    ("subscribe", "all auctions"): (ANYONE, {"channel": "auctions"}),
    ("subscribe", "an auction"): (ANYONE, {"channel": "auction:7"}),
    ("subscribe", "a room"): (MEMBER, {"channel": f"room:{ROOM}"}),
    ("unsubscribe", ""): (ANYONE, {"channel": f"room:{ROOM}"}),
    ("bid.place", ""): (SIGNED_IN, {"auction_id": 7, "amount": 1_000, "key": "k"}),
    ("bid.status", ""): (SIGNED_IN, {"auction_id": 7, "key": "k"}),
    ("chat.send", ""): (MEMBER, {"room_id": ROOM, "text": "a", "key": "k"}),
    ("notice.ack", ""): (SIGNED_IN, {"up_to": 1}),
}
TOKENS = {"guest": None, "stranger": "6", "member": str(ROOM)}
MAY = {
    ANYONE: {"guest", "stranger", "member"},
    SIGNED_IN: {"stranger", "member"},
    MEMBER: {"member"},
}


def test_every_frame_declares_who_may_send_it() -> None:
    assert {kind for kind, _ in RIGHTS} == set(CLIENT_FRAMES), "give the frame a row in RIGHTS"


@pytest.mark.parametrize("who", TOKENS)
@pytest.mark.parametrize(("kind", "about"), RIGHTS)
def test_only_those_without_the_right_are_refused(kind: str, about: str, who: str) -> None:
    audience, fields = RIGHTS[kind, about]
    client = Client(FakeServices())
    token = TOKENS[who]
    welcome = client.request("auth", **({} if token is None else {"token": token}))
    assert welcome[0]["type"] == "welcome"
    answers = client.request(
        kind, **{**fields, **({"token": token} if kind == "auth" and token else {})}
    )
    code = answers[0].get("code")
    if who in MAY[audience]:
        assert code not in ("UNAUTHENTICATED", "NOT_MEMBER", "FORBIDDEN")
    else:
        assert code == ("UNAUTHENTICATED" if who == "guest" else "NOT_MEMBER")
