"""What a process hears reaches the sockets it is for, and what it missed is made up for."""

import json
from typing import Any

from app.domain.ids import bid_id
from app.protocol.outcomes import Outcome, Receipt
from app.services.bidding import KnownBid
from tests.unit.ws.builders import Client, House

AT = "2026-11-23T12:00:00.000Z"
OUTCOME = {
    "status": "accepted", "standing": "leading", "code": None, "seq": 1, "alias": 1, "price": 500,
    "minimum_next_bid": 600, "ends_at": AT, "decided_at": AT,
}  # fmt: skip
STATE = {
    "version": 2, "status": "open", "price": 500, "minimum_next_bid": 600, "bid_count": 1,
    "leader": {"alias": 1}, "reserve": "none", "ends_at": AT, "extensions": 0, "winner": None,
    "last_ends_at": AT, "bids": [], "from_seq": 2,
}  # fmt: skip


def an_event(*, outcomes: list[Any] | None = None, refused: list[Any] | None = None) -> bytes:
    event = {"v": 1, "auction_id": 7, "version": 2, "state": STATE}
    return json.dumps({**event, "outcomes": outcomes or [], "refused": refused or []}).encode()


def two_sockets_of(token: str, house: House) -> tuple[Client, Client]:
    first = Client(house)
    second = Client(house, first.hub)
    for client in (first, second):
        client.say("auth", token=token)
    return first, second


def test_an_outcome_reaches_every_socket_of_its_bidder_and_no_other() -> None:
    house = House()
    first, second = two_sockets_of("5", house)
    other = Client(house, first.hub)
    other.say("auth", token="6")
    told = {"bid_id": "b", "bidder_id": 5, "key": "k", **OUTCOME}
    first.hub.heard("auction-event", an_event(outcomes=[told]))
    expected = {"type": "bid.result", "bid_id": "b", "key": "k", "auction_id": 7, **OUTCOME}
    assert first.hear() == second.hear() == [expected]
    assert other.hear() == []


def test_a_reused_key_is_refused_to_its_bidder() -> None:
    first, second = two_sockets_of("5", House())
    refusal = {"bidder_id": 5, "key": "k", "amount": 9, "kind": "exact", "partition": 1,
               "offset": 2, "code": "KEY_REUSED"}  # fmt: skip
    first.hub.heard("auction-event", an_event(refused=[refusal]))
    (told,) = first.hear()
    assert (told["type"], told["code"], told["auction_id"]) == ("bid.refused", "KEY_REUSED", 7)
    assert second.hear() == [told]


def test_the_end_of_a_session_closes_its_sockets() -> None:
    first, second = two_sockets_of("5", House())
    first.hub.heard("session", b'{"session_id":"session 5"}')
    assert first.hear() == second.hear() == [{"close": 4401}]


def test_nonsense_on_a_channel_is_skipped() -> None:
    first, _ = two_sockets_of("5", House())
    first.hub.heard("auction-event", b"nonsense")
    first.hub.heard("nowhere", b"")
    assert first.hear() == []


def test_after_a_break_owed_outcomes_are_read_and_sent_once() -> None:
    house = House()
    client, _ = two_sockets_of("5", house)
    client.say("bid.place", auction_id=7, amount=500, key="k")
    receipt = Receipt(str(bid_id(5, 7, "k")), "k", 7, 500, "exact", 3, 0, AT)
    house.known = [KnownBid(5, receipt, Outcome(**OUTCOME))]  # type: ignore[arg-type]
    client.hub.resume()
    assert [told["type"] for told in client.hear()] == ["bid.result"]
    client.hub.resume()
    assert client.hear() == []
