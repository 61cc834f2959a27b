"""Watching: guests, the list's prices, the clock, presence, notices."""

import time
from uuid import uuid4

import pytest

from tests.e2e.bidding import bid, channel_of, place, watch
from tests.e2e.lots import create_lot
from tests.e2e.people import Gateway, Person


def test_a_guest_watches_but_neither_bids_nor_chats(gateway: Gateway, seller: Person) -> None:
    lot = create_lot(seller)
    with gateway.open() as guest:
        welcome = guest.request("auth")
        assert welcome["type"] == "welcome"
        assert welcome["user"] is None
        assert "mine" not in watch(guest, lot)["auction"]
        answers = [
            place(guest, lot, 1_000),
            guest.request("bid.status", auction_id=lot["id"], key="k"),
            guest.request("chat.send", room_id=1, text="hello", key="k"),
            guest.request("subscribe", channel="room:1"),
            guest.request("notice.ack", up_to=1),
        ]
    assert {(a["type"], a["code"], a["retry"]) for a in answers} == {
        ("error", "UNAUTHENTICATED", False)
    }


def test_a_welcome_has_the_user_the_gateway_and_the_limits(anna: Person) -> None:
    with anna.gateway.open() as socket:
        before_ms = time.time_ns() // 1_000_000
        welcome = socket.request("auth", token=anna.token)
        assert before_ms <= welcome["server_ms"] <= time.time_ns() // 1_000_000
    assert welcome["user"] == {"id": anna.id, "nickname": anna.nickname}
    assert welcome["ping_s"] == 25
    assert welcome["limits"] == {
        "frame_bytes_max": 32 * 1024,
        "frames_per_s_max": 20,
        "subscriptions_max": 64,
    }


def test_the_time_frame_returns_the_servers_clock(gateway: Gateway) -> None:
    with gateway.enter() as guest:
        before_ms = time.time_ns() // 1_000_000
        answer = guest.request("time", client_ms=12)
        after_ms = time.time_ns() // 1_000_000
    assert (answer["type"], answer["client_ms"]) == ("time", 12)
    assert before_ms <= answer["server_ms"] <= after_ms


def test_the_list_moves_with_the_prices(gateway: Gateway, seller: Person, anna: Person) -> None:
    lot = create_lot(seller)
    with gateway.enter() as guest, anna.enter() as bidder:
        snapshot = guest.request("subscribe", channel="auctions")
        mine = next(item for item in snapshot["items"] if item["id"] == lot["id"])
        assert mine == {
            "id": lot["id"], "price": 1_000, "bid_count": 0, "status": "open",
            "ends_at": lot["ends_at"],
        }  # fmt: skip
        bid(bidder, lot, 2_000)
        moved = {**mine, "price": 2_000, "bid_count": 1}
        guest.wait_for(
            lambda: [p for p in guest.pushes("auctions.price") if moved in p["items"]],
            what="the new price",
        )


def test_a_new_auction_appears_in_the_list_by_itself(gateway: Gateway, seller: Person) -> None:
    with gateway.enter() as guest:
        guest.request("subscribe", channel="auctions")
        lot = create_lot(seller, lasts_s=30, mode="live")
        states = guest.wait_for(
            lambda: [
                item
                for push in guest.pushes("auctions.price")
                for item in push["items"]
                if item["id"] == lot["id"]
            ],
            what="the new lot",
        )
    assert (states[0]["status"], states[0]["price"]) == ("open", 1_000)


def test_an_unsubscribed_socket_gets_no_pushes(
    gateway: Gateway, seller: Person, anna: Person
) -> None:
    lot = create_lot(seller)
    with gateway.enter() as leaver, gateway.enter() as stayer, anna.enter() as bidder:
        watch(leaver, lot)
        watch(stayer, lot)
        answer = leaver.request("unsubscribe", channel=channel_of(lot))
        assert (answer["type"], answer["channel"]) == ("unsubscribed", channel_of(lot))
        bid(bidder, lot, 1_000)
        stayer.push("auction.state", auction_id=lot["id"], bid_count=1)
        leaver.request("time", client_ms=1)
        assert not leaver.pushes("auction.state")


@pytest.mark.parametrize("channel", ["auction:4611686018427387904", "auction:9999999999999999999"])
def test_an_auction_that_does_not_exist_cannot_be_watched(gateway: Gateway, channel: str) -> None:
    with gateway.enter() as guest:
        answer = guest.request("subscribe", channel=channel)
    assert (answer["type"], answer["code"], answer["retry"]) == ("error", "NOT_FOUND", False)


def test_presence_counts_those_who_watch(gateway: Gateway, seller: Person) -> None:
    lot = create_lot(seller)
    with gateway.enter() as first, gateway.enter() as second:
        watch(first, lot)
        watch(second, lot)
        # Two sockets, on one process or on two: the count covers all processes.
        first.push("auction.presence", channel=channel_of(lot), watching=2)


def test_notices_are_sent_on_connect_until_acknowledged(
    gateway: Gateway, seller: Person, ben: Person
) -> None:
    loser = gateway.sign_up("Loser")
    lot = create_lot(seller)
    with loser.enter() as hers, ben.enter() as his:
        bid(hers, lot, 1_000, key=uuid4().hex)
        bid(his, lot, 2_000)
        notice = hers.push("notice", auction_id=lot["id"])
    assert notice["kind"] == "outbid"
    assert notice["params"]["product"] == lot["product"]["name"]
    with loser.enter() as reconnected:
        assert reconnected.push("notice") == notice
        answer = reconnected.request("notice.ack", up_to=notice["id"])
        assert (answer["type"], answer["up_to"]) == ("notice.acked", notice["id"])
    with loser.enter() as later:
        later.request("time", client_ms=1)
        assert later.pushes("notice") == []
