"""Every frame's answer, and which faults close the socket (wire.md)."""

from collections.abc import Callable
from typing import Any

import pytest

from app.domain.errors import BusyError, UnknownFateError
from app.services.backlog import LATE_FRAMES_MIN, LATE_S
from tests.unit.ws.builders import Client, FakeServices

WRONG_AMOUNTS: tuple[Any, ...] = (None, True, "5", 1.5, 0, -1, 2**63, 10**12 + 1, [], {})
BID = {"auction_id": 7, "amount": 500, "key": "k1"}


def signed_in(services: FakeServices | None = None) -> Client:
    client = Client(services or FakeServices())
    (welcome,) = client.request("auth", token="5")
    assert welcome["type"] == "welcome"
    return client


def guest_of(services: FakeServices) -> Client:
    client = Client(services)
    (welcome,) = client.request("auth")
    assert welcome["type"] == "welcome"
    return client


def test_a_bid_is_answered_with_its_receipt() -> None:
    services = FakeServices()
    (answer,) = signed_in(services).request("bid.place", **BID)
    assert answer["type"] == "bid.received"
    assert (answer["re"], answer["partition"], answer["offset"]) == (2, 3, 0)
    assert [(topic, key) for topic, key, _ in services.appended] == [("auction-bid", 7)]


def test_a_bid_without_acknowledgement_is_unknown() -> None:
    (answer,) = signed_in(FakeServices(append_error=UnknownFateError())).request("bid.place", **BID)
    assert answer == {"type": "bid.unknown", "re": 2, "key": "k1"}


def test_without_a_log_it_is_busy_and_may_be_tried_again() -> None:
    (answer,) = signed_in(FakeServices(append_error=BusyError())).request("bid.place", **BID)
    assert (answer["code"], answer["retry"]) == ("BUSY", True)


@pytest.mark.parametrize(
    ("change", "field"),
    [({"amount": value}, "amount") for value in WRONG_AMOUNTS]
    + [({"key": value}, "key") for value in (None, "", "a" * 65, "a b", "a\n", 5)]
    + [({"auction_id": value}, "auction_id") for value in (None, True, 0, "7", 2**63)]
    + [({"kind": "other"}, "kind"), ({"confirm": 1}, "confirm"), ({"extra": 1}, "extra")],
)
def test_a_wrong_field_is_named_and_nothing_is_appended(change: dict[str, Any], field: str) -> None:
    services = FakeServices()
    (answer,) = signed_in(services).request("bid.place", **{**BID, **change})
    assert (answer["type"], answer["code"], answer["field"]) == ("error", "INVALID", field)
    assert services.appended == []


@pytest.mark.parametrize(
    "text",
    ["", "x", "[]", "5", '{"id":2,"type":"time","client_ms":NaN}', '{"id":1,"type":"time"}',
     '{"id":true,"type":"time"}', '{"type":"time"}', '{"id":-1,"type":"time"}',
     '{"id":2,"x":' + "[" * 40 + "]" * 40 + "}"],
)  # fmt: skip
def test_malformed_closes_4400_and_before_auth_4401(text: str) -> None:
    assert signed_in().request_text(text) == [{"close": 4400}]
    assert Client(FakeServices()).request_text(text) == [{"close": 4401}]


@pytest.mark.parametrize("token", ["forged", "", 5, True])
def test_a_bad_token_closes_4401(token: object) -> None:
    assert Client(FakeServices()).request("auth", token=token) == [{"close": 4401}]


def test_anything_before_auth_closes_4401() -> None:
    assert Client(FakeServices()).request("time", client_ms=1) == [{"close": 4401}]


@pytest.mark.parametrize("type_", ["bid.place", "bid.status", "chat.send", "notice.ack"])
def test_a_frame_guests_may_not_send_is_refused_unparsed(type_: str) -> None:
    guest = Client(FakeServices())
    guest.request("auth")
    (refusal,) = guest.request(type_, room_id="x", text="a" + "\u0301" * 40, key="", more=1)
    assert refusal["code"] == "UNAUTHENTICATED"


def test_a_guest_may_request_the_time_but_not_bid_or_chat() -> None:
    guest = Client(FakeServices())
    assert guest.request("auth")[0]["user"] is None
    assert guest.request("time", client_ms=5)[0]["client_ms"] == 5
    assert guest.request("bid.place", **BID)[0]["code"] == "UNAUTHENTICATED"
    assert guest.request("chat.send", room_id=5, text="x", key="k")[0]["code"] == "UNAUTHENTICATED"
    assert guest.request("subscribe", channel="room:5")[0]["code"] == "UNAUTHENTICATED"
    assert guest.request("subscribe", channel="auctions")[0]["type"] == "subscribed"


def test_a_suspended_user_can_neither_bid_nor_chat() -> None:
    services = FakeServices(suspended={5})
    client = signed_in(services)
    for type_ in ("bid.place", "chat.send"):
        (answer,) = client.request(type_)
        assert (answer["code"], answer["detail"]) == ("FORBIDDEN", "this account is suspended")
    assert client.request("notice.ack", up_to=1)[0]["type"] == "notice.acked"
    assert services.appended == []


def test_a_socket_replaced_by_a_newer_one_closes_4409() -> None:
    services = FakeServices()
    old = Client(services)
    old.request("auth", token="5")
    services.evicted = [old.connection.id, "a socket of another gateway"]
    new = Client(services, old.hub)
    assert new.request("auth", token="5")[0]["type"] == "welcome"
    assert old.received() == [{"close": 4409}]


def test_without_redis_the_five_last_active_sockets_stay() -> None:
    services = FakeServices(evicted=None)
    clients = [Client(services)]
    clients += [Client(services, clients[0].hub) for _ in range(5)]
    for client in clients[:5]:
        client.request("auth", token="5")
    oldest = clients[2]
    oldest.connection.received_at -= 20
    assert clients[5].request("auth", token="5")[0]["type"] == "welcome"
    assert oldest.received() == [{"close": 4409}]
    assert [client.received() for client in clients if client is not oldest] == [[]] * 5


def test_another_user_may_not_take_over_a_socket() -> None:
    client = signed_in()
    assert client.request("auth", token="5")[0]["type"] == "welcome"
    assert client.request("auth", token="6") == [{"close": 4401}]


def test_only_members_chat() -> None:
    client = signed_in()
    chat_fields = {"text": " 안녕 ", "key": "m1"}
    assert client.request("chat.send", room_id=5, **chat_fields)[0]["type"] == "chat.received"
    assert client.request("chat.send", room_id=6, **chat_fields)[0]["code"] == "NOT_MEMBER"
    assert client.request("chat.send", room_id=600, **chat_fields)[0]["code"] == "NOT_FOUND"


def test_chatting_too_fast_gets_retry_after() -> None:
    client = signed_in()
    chat_fields = [
        client.request("chat.send", room_id=5, text="a", key=f"m{n}")[0] for n in range(6)
    ]
    assert [answer["type"] for answer in chat_fields] == ["chat.received"] * 5 + ["error"]
    assert (chat_fields[5]["code"], chat_fields[5]["retry"]) == ("RATE_LIMITED", True)
    assert chat_fields[5]["retry_after_ms"] == 1_000


def test_a_missing_topic_cannot_be_subscribed_to() -> None:
    client = signed_in()
    assert client.request("subscribe", channel="auction:7")[0]["code"] == "NOT_FOUND"
    assert client.request("subscribe", channel="nothing")[0]["field"] == "channel"
    assert client.request("subscribe", channel="auction:" + "9" * 19)[0]["code"] == "NOT_FOUND"
    assert not client.hub.registry.channels


def test_one_more_than_64_subscriptions_are_refused() -> None:
    client = signed_in()
    client.channels.update(f"auction:{number}" for number in range(64))
    assert client.request("subscribe", channel="auctions")[0]["code"] == "TOO_MANY_SUBSCRIPTIONS"


def test_too_many_frames_are_refused_first() -> None:
    client = signed_in()
    answers = [client.request("time", client_ms=1)[0] for _ in range(25)]
    refused = [answer for answer in answers if answer["type"] == "error"]
    assert {answer["code"] for answer in refused} == {"RATE_LIMITED"}
    assert all(answer["retry_after_ms"] > 0 for answer in refused)


@pytest.mark.parametrize(("client", "is_overload"), [(signed_in, True), (guest_of, False)])
def test_only_waiting_users_count_as_overload(
    client: Callable[[FakeServices], Client], *, is_overload: bool
) -> None:
    services = FakeServices()
    crowd = client(services)
    crowd.connection.waited_s = 2 * LATE_S  # as the reader of the socket measures it
    for _ in range(2 * LATE_FRAMES_MIN):
        crowd.send("time", client_ms=1)
        services.passed_s += LATE_S / LATE_FRAMES_MIN
    assert services.admission.lateness.is_over(services.clock()) is is_overload
