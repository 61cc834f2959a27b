"""A frame that waits for a store delays no other frame of its socket, in order (wire.md)."""

from functools import partial

import gevent
import pytest

from app.domain.errors import BusyError
from app.settings import Limits
from app.web.ws.frame_queues import FrameQueues
from app.web.ws.framing import text_frame
from tests.unit.ws.builders import Client, FakeServices

BID = {"auction_id": 7, "amount": 500, "key": "k1"}
STATUS = {"auction_id": 7, "key": "k1"}


def signed_in(services: FakeServices, *, limits: Limits | None = None) -> Client:
    client = Client(services, limits=limits)
    client.request("auth", token="5")
    return client


def types(client: Client) -> list[tuple[int, str]]:
    return [(answer["re"], answer.get("code") or answer["type"]) for answer in client.answers()]


def test_a_bid_and_the_time_do_not_wait_for_chat() -> None:
    services = FakeServices()
    client = signed_in(services)
    client.request("bid.place", **BID)
    services.freeze("messages")
    room = client.send("subscribe", channel="room:5")
    bid = client.send("bid.place", **{**BID, "key": "k2"})
    clock = client.send("time", client_ms=1)
    assert types(client) == [(bid, "bid.received"), (clock, "time")]
    services.unfreeze("messages")
    assert types(client) == [(room, "subscribed")]


@pytest.mark.parametrize(
    ("store", "type_", "fields"),
    [
        ("auctions", "bid.place", BID),
        ("bids", "bid.status", STATUS),
        ("rooms", "chat.send", {"room_id": 5, "text": "hello", "key": "m"}),
        ("rooms", "subscribe", {"channel": "room:5"}),
        ("sessions", "auth", {"token": "5"}),
    ],
)
def test_time_frames_do_not_wait_for_a_store(
    store: str, type_: str, fields: dict[str, object]
) -> None:
    services = FakeServices()
    client = signed_in(services)
    services.freeze(store)
    client.send(type_, **fields)
    clock = client.send("time", client_ms=1)
    assert types(client) == [(clock, "time")]


def test_frames_of_one_channel_keep_their_order() -> None:
    services = FakeServices()
    client = signed_in(services)
    services.freeze("messages")
    sent = [
        client.send(type_, channel="room:5") for type_ in ("subscribe", "unsubscribe", "subscribe")
    ]
    assert types(client) == []
    services.unfreeze("messages")
    wanted = ["subscribed", "unsubscribed", "subscribed"]
    assert types(client) == list(zip(sent, wanted, strict=True))


def test_bids_on_an_auction_not_yet_known_keep_their_order() -> None:
    services = FakeServices()
    client = signed_in(services)
    services.freeze("auctions")
    first = client.send("bid.place", **BID)
    second = client.send("bid.place", **{**BID, "key": "k2"})
    assert types(client) == []
    services.unfreeze("auctions")
    assert types(client) == [(first, "bid.received"), (second, "bid.received")]
    third = client.send("bid.place", **{**BID, "key": "k3"})
    assert types(client) == [(third, "bid.received")]


def test_frames_after_a_waiting_auth_keep_their_order() -> None:
    services = FakeServices()
    client = Client(services)
    services.freeze("sessions")
    auth = client.send("auth", token="5")
    clock = client.send("time", client_ms=1)
    bid = client.send("bid.place", **BID)
    assert types(client) == []
    services.unfreeze("sessions")
    wanted = [(auth, "welcome"), (clock, "time"), (bid, "bid.received")]
    assert types(client) == wanted


def test_two_auths_and_what_follows_them_keep_their_order() -> None:
    services = FakeServices()
    client = Client(services)
    services.freeze("sessions")
    sent = [client.send("auth", token="5"), client.send("time", client_ms=1),
            client.send("auth", token="5"), client.send("time", client_ms=2)]  # fmt: skip
    services.unfreeze("sessions")
    wanted = ["welcome", "time", "welcome", "time"]
    assert types(client) == list(zip(sent, wanted, strict=True))


def test_frames_after_a_bad_token_are_ignored() -> None:
    services = FakeServices()
    client = Client(services)
    services.freeze("sessions")
    client.send("auth", token="forged")
    client.send("bid.place", **BID)
    services.unfreeze("sessions")
    assert client.answers() == [{"close": 4401}]
    assert services.appended == []


def test_a_session_ending_during_admission_closes_4401() -> None:
    services = FakeServices()
    client = Client(services)
    services.freeze("claims")
    client.send("auth", token="5")
    assert client.answers() == []
    services.ended.add("session 5")
    services.unfreeze("claims")
    assert client.answers() == [{"close": 4401}]


def test_a_malformed_frame_during_auth_closes_4400() -> None:
    services = FakeServices()
    client = Client(services)
    services.freeze("sessions")
    client.send("auth", token="5")
    client.send_text("x")
    assert client.answers() == [{"close": 4400}]


def test_beyond_the_bound_a_frame_is_busy_and_may_be_tried_again() -> None:
    services = FakeServices()
    client = signed_in(services, limits=Limits(pending_frames_max=3))
    client.request("bid.place", **BID)
    services.freeze("bids")
    for number in range(3):
        client.send("bid.status", auction_id=number + 1, key="k")
    assert client.answers() == []
    refused = client.send("bid.status", auction_id=4, key="k")
    bid = client.send("bid.place", **{**BID, "key": "k2"})
    busy, received = client.answers()
    assert (busy["re"], busy["code"], busy["retry"]) == (refused, "BUSY", True)
    assert (received["re"], received["type"]) == (bid, "bid.received")
    services.unfreeze("bids")
    assert {kind for _, kind in types(client)} == {"bid.status"}


def test_a_queue_continues_after_its_limit_was_reached() -> None:
    done: list[int] = []
    queues = FrameQueues(frames_max=1, at_once_max=1)
    client = Client(FakeServices())
    queues.put("a", lambda: done.append(1))
    with pytest.raises(BusyError):
        queues.put("b", lambda: done.append(2))
    client.answers()
    queues.put("b", lambda: done.append(3))
    client.answers()
    assert done == [1, 3]
    assert len(queues) == 0


def test_a_socket_has_few_concurrent_reads_and_finishes_all() -> None:
    under_way: list[str] = []
    most: list[int] = []
    queues = FrameQueues(frames_max=64, at_once_max=4)
    client = Client(FakeServices())

    def read(name: str) -> None:
        under_way.append(name)
        most.append(len(under_way))
        gevent.sleep(0)
        under_way.remove(name)

    names = [f"auction:{number}" for number in range(32)]
    for name in [*names, *names]:
        queues.put(name, partial(read, name))
    while len(queues):
        client.answers()
    assert (len(most), max(most)) == (64, 4)


def test_waiting_snapshots_delay_no_bid_status_and_no_auth() -> None:
    services = FakeServices()
    client = signed_in(services)
    services.freeze("rooms")
    for number in range(10):
        client.send("subscribe", channel=f"room:{number + 1}")
    sent = [
        client.send("bid.status", **STATUS),
        client.send("auth", token="5"),
        client.send("bid.place", **BID),
    ]
    answered = types(client)
    assert [frame_id for frame_id, _ in answered] == sent
    services.unfreeze("rooms")
    assert len(types(client)) == 10


def test_a_socket_that_ends_during_auth_frees_its_slot() -> None:
    services = FakeServices()
    client = Client(services)
    services.freeze("claims")
    client.send("auth", token="5")
    client.answers()
    client.end()
    services.unfreeze("claims")
    client.answers()
    assert services.released == [client.connection.id]
    assert client.hub.registry.of_user(5) == []


@pytest.mark.parametrize(
    ("store", "type_", "fields", "topic"),
    [
        ("auctions", "bid.place", {"auction_id": 7, "amount": 500}, "auction-bid"),
        ("rooms", "chat.send", {"room_id": 5, "text": "hello"}, "chat-message"),
    ],
)
def test_frames_received_before_the_end_are_handled(
    store: str, type_: str, fields: dict[str, object], topic: str
) -> None:
    services = FakeServices()
    client = signed_in(services)
    services.freeze(store)
    for key in ("k1", "k2"):  # the first is under way, the second waits for it
        client.send(type_, **fields, key=key)
    client.answers()
    client.end()
    services.unfreeze(store)
    client.answers()
    assert [name for name, _, _ in services.appended] == [topic, topic]


def test_after_a_renewal_that_fails_nothing_is_carried_out() -> None:
    services = FakeServices()
    client = signed_in(services)
    services.freeze("sessions")
    for token in ("forged", "5"):
        client.send("auth", token=token)
    client.send("bid.place", **BID)
    services.unfreeze("sessions")
    assert client.answers()[-1] == {"close": 4401}
    assert services.appended == []


def test_a_socket_ending_during_its_snapshot_leaves_no_channel() -> None:
    services = FakeServices()
    client = signed_in(services)
    for store in ("messages", "rooms"):
        services.freeze(store)
    client.send("subscribe", channel="room:5")
    client.answers()
    client.end()
    services.unfreeze("rooms")
    services.unfreeze("messages")
    client.answers()
    assert client.hub.registry.channels == {}


def test_a_refused_resubscription_keeps_the_earlier_one() -> None:
    services = FakeServices()
    client = signed_in(services)
    client.request("subscribe", channel="room:5")
    services.is_store_down = True
    services.freeze("messages")
    again = client.send("subscribe", channel="room:5")
    client.answers()
    channel = client.hub.registry.channels["room:5"]
    channel.push(1, text_frame(b'{"pushed": 1}'))
    services.unfreeze("messages")
    refused, pushed = sorted(client.answers(), key=lambda frame: "re" not in frame)
    assert (refused["re"], refused["code"]) == (again, "BUSY")
    assert pushed == {"pushed": 1}
    channel.push(2, text_frame(b'{"pushed": 2}'))
    assert client.answers() == [{"pushed": 2}]
    assert len(channel) == 1
