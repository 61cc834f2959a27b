"""Pushes reach the sockets of their users, and missed ones are recovered."""

import json
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import gevent
import pytest

from app.domain.errors import BusyError
from app.domain.ids import bid_id
from app.protocol.fanout import UserNotice
from app.protocol.outcomes import Outcome, Receipt
from app.protocol.pushes import PriceItem
from app.protocol.records import BidderRefusal
from app.protocol.resources import ChatMessage, Notice, Person
from app.services.bidding import KnownBid, RefusedBid
from app.web.ws.hub import Hub
from app.web.ws.recovery import PENDING_BATCH, PENDING_ROUND_S, PENDING_S, Recovery
from tests.unit.ws.builders import Client, FakeServices, a_hub

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


LINES = json.dumps(
    [{"id": 7, "price": 500, "bid_count": 1, "status": "open", "ends_at": AT}]
).encode()


def decided(*, outcomes: list[Any] | None = None, refused: list[Any] | None = None) -> bytes:
    outcome = {"auction_id": 7, "outcomes": outcomes or [], "refused": refused or []}
    return json.dumps(outcome).encode()


def two_sockets_of(token: str, services: FakeServices) -> tuple[Client, Client]:
    first = Client(services)
    second = Client(services, first.hub)
    for client in (first, second):
        client.request("auth", token=token)
    return first, second


def test_an_outcome_reaches_all_sockets_of_its_bidder_only() -> None:
    services = FakeServices()
    first, second = two_sockets_of("5", services)
    other = Client(services, first.hub)
    other.request("auth", token="6")
    outcome = {"bid_id": "b", "bidder_id": 5, "key": "k", **OUTCOME}
    first.hub.on_message("user:5", decided(outcomes=[outcome]))
    expected = {"type": "bid.result", "bid_id": "b", "key": "k", "auction_id": 7, **OUTCOME}
    assert first.received() == second.received() == [expected]
    assert other.received() == []


def test_a_reused_key_is_refused_to_its_bidder() -> None:
    first, second = two_sockets_of("5", FakeServices())
    refusal = {"bidder_id": 5, "key": "k", "amount": 9, "kind": "exact", "partition": 1,
               "offset": 2, "code": "KEY_REUSED"}  # fmt: skip
    first.hub.on_message("user:5", decided(refused=[refusal]))
    (outcome,) = first.received()
    assert (outcome["type"], outcome["code"], outcome["auction_id"]) == (
        "bid.refused",
        "KEY_REUSED",
        7,
    )
    assert second.received() == [outcome]


def test_the_end_of_a_session_closes_its_sockets() -> None:
    first, second = two_sockets_of("5", FakeServices())
    first.hub.on_message("session", b'{"session_id":"session 5"}')
    assert first.received() == second.received() == [{"close": 4401}]


def test_ending_all_sessions_closes_sockets_except_the_kept() -> None:
    first, second = two_sockets_of("5", FakeServices())
    first.hub.on_message("session", b'{"session_id":"","user_id":5,"kept":"session 5"}')
    first.hub.on_message("session", b'{"session_id":"","user_id":6,"kept":null}')
    assert first.received() == second.received() == []
    first.hub.on_message("session", b'{"session_id":"","user_id":5,"kept":null}')
    assert first.received() == second.received() == [{"close": 4401}]


def test_after_a_reconnect_sockets_of_ended_sessions_are_closed() -> None:
    services = FakeServices()
    client, _ = two_sockets_of("5", services)
    assert make_up(client) == []
    services.ended.add("session 5")
    assert make_up(client) == [{"close": 4401}]


def test_an_invalid_publication_is_skipped() -> None:
    first, _ = two_sockets_of("5", FakeServices())
    first.hub.on_message("user:5", b"nonsense")
    first.hub.on_message("nowhere", b"")
    assert first.received() == []


def make_up(client: Client) -> list[Any]:
    for step in client.recovery.steps(since=0.0):
        step()
    return client.received()


def known_bid(bidder_id: int) -> KnownBid:
    receipt = Receipt(str(bid_id(bidder_id, 7, "k")), "k", 7, 500, "exact", 3, 0, AT)
    return KnownBid(bidder_id, receipt, Outcome(**OUTCOME))  # type: ignore[arg-type]


def test_after_a_disconnect_outcomes_of_all_gateways_are_read() -> None:
    services = FakeServices(known=[known_bid(5), known_bid(6)])
    client, _ = two_sockets_of("5", services)
    (outcome,) = make_up(client)
    assert (outcome["type"], outcome["bid_id"]) == ("bid.result", str(bid_id(5, 7, "k")))


def test_after_a_reconnect_a_sent_outcome_is_not_repeated() -> None:
    services = FakeServices(known=[known_bid(5)])
    client, _ = two_sockets_of("5", services)
    outcome = {"bid_id": str(bid_id(5, 7, "k")), "bidder_id": 5, "key": "k", **OUTCOME}
    client.hub.on_message("user:5", decided(outcomes=[{**outcome, "status": "failed"}]))
    client.received()
    assert [again["status"] for again in make_up(client)] == ["accepted"]
    assert make_up(client) == []


def test_after_a_disconnect_refused_keys_and_notices_are_read() -> None:
    refusal = BidderRefusal("k", 9, "exact", 1, 2, "KEY_REUSED", bidder_id=5)
    notice = Notice(3, "outbid", 7, {}, AT)
    services = FakeServices(refused=[RefusedBid(7, refusal)], notices=[UserNotice(5, notice)])
    client, _ = two_sockets_of("5", services)
    assert [outcome["type"] for outcome in make_up(client)] == ["bid.refused", "notice"]


def test_an_outcome_that_was_not_pushed_is_read_when_late() -> None:
    services = FakeServices()
    client, _ = two_sockets_of("5", services)
    client.request("bid.place", auction_id=7, amount=500, key="k")
    services.known = [known_bid(5)]
    client.recovery.send_overdue()
    assert client.received() == []
    services.passed_s = 60.0
    client.recovery.send_overdue()
    assert [outcome["type"] for outcome in client.received()] == ["bid.result"]
    client.recovery.send_overdue()
    assert client.received() == []


def chat_message(seq: int) -> ChatMessage:
    return ChatMessage(seq, f"m{seq}", Person(6, "n"), "hello", AT)


class SlowServices(FakeServices):
    """Services with a slow store."""

    def __init__(self) -> None:
        super().__init__()
        self.looked_for: list[Sequence[UUID]] = []

    def decided(self, bid_ids: Sequence[UUID]) -> list[KnownBid]:
        self.looked_for.append(bid_ids)
        gevent.sleep(PENDING_ROUND_S)
        return []


def test_late_outcomes_are_recovered_in_turn() -> None:
    services = SlowServices()
    hub = a_hub(services)
    recovery = Recovery(services.of_gateway(), hub)
    long_ago = services.clock() - PENDING_S
    bids = [UUID(int=number) for number in range(2 * PENDING_BATCH)]
    hub.registry.pending.update({str(bid): long_ago for bid in bids})
    recovery.send_overdue()
    assert services.looked_for == [bids[:PENDING_BATCH]]
    recovery.send_overdue()
    assert services.looked_for[1:] == [bids[PENDING_BATCH:]]
    assert len(hub.registry.pending) == len(bids), "they are still missed"


def test_after_a_reconnect_chat_keeps_its_order() -> None:
    services = FakeServices()
    client, _ = two_sockets_of("5", services)
    client.request("subscribe", channel="room:5")
    client.hub.rooms.push(5, chat_message(1))
    services.chat_messages = [chat_message(seq) for seq in range(1, 90)]
    services.is_store_down = True
    client.hub.stream_is_back()
    client.hub.rooms.push(5, chat_message(88))
    with pytest.raises(BusyError):
        client.hub.rooms.fill(services.chat, 5, limit=20)
    services.is_store_down = False
    client.hub.rooms.push(5, chat_message(89))
    client.hub.rooms.fill(services.chat, 5, limit=20)
    client.hub.rooms.push(5, chat_message(90))
    assert [outcome["seq"] for outcome in client.received()] == list(range(1, 91))


class CountingServices(FakeServices):
    """Knows how often prices were read."""

    lookups = 0

    def prices(self) -> list[PriceItem]:
        self.lookups += 1
        return super().prices()


@pytest.mark.parametrize(
    "change",
    [
        lambda hub: hub.on_message("auctions", LINES),
        lambda hub: hub.channel_is_confirmed("auctions"),
        lambda hub: hub.stream_is_confirmed(),
    ],
    ids=["a change", "a channel that is confirmed", "a stream that is confirmed anew"],
)
def test_a_snapshot_is_read_again_after(change: Callable[[Hub], None]) -> None:
    services = CountingServices()
    client = Client(services)
    client.request("auth")
    client.request("subscribe", channel="auctions")
    client.request("subscribe", channel="auctions")
    assert services.lookups == 1
    change(client.hub)
    client.request("subscribe", channel="auctions")
    assert services.lookups == 2
