"""Chat in an auction's room (wire.md): permissions, delivery, order, no duplicates."""

import json
from uuid import uuid4

import pytest

from stack.websocket_client import Frame
from tests.e2e.client import Socket
from tests.e2e.lots import create_lot
from tests.e2e.people import Gateway, Person
from tests.waiting import wait_until


@pytest.fixture
def room(seller: Person, anna: Person, ben: Person) -> Frame:
    """An auction's room that Anna and Ben have joined."""
    lot = create_lot(seller)
    room = anna.call("POST", "/api/rooms", {"type": "auction", "auction_id": lot["id"]})
    for person in (anna, ben):
        person.call("POST", f"/api/rooms/{room['id']}/join")
    return room


def channel_of(room: Frame) -> str:
    return f"room:{room['id']}"


def send_chat(socket: Socket, room: Frame, text: str, key: str | None = None) -> Frame:
    answer = socket.request("chat.send", room_id=room["id"], text=text, key=key or uuid4().hex)
    assert answer["type"] == "chat.received", answer
    return answer


def test_a_chat_message_reaches_the_other_member(room: Frame, anna: Person, ben: Person) -> None:
    with anna.enter() as hers, ben.enter() as his:
        snapshot = his.request("subscribe", channel=channel_of(room))
        assert (snapshot["messages"], snapshot["truncated"]) == ([], False)
        receipt = send_chat(hers, room, "  안녕하세요 👋 ")
        pushed = his.push("chat.message", channel=channel_of(room))
    assert set(receipt) == {"re", "type", "message_id", "room_id", "key"}
    assert pushed["message_id"] == receipt["message_id"]
    assert pushed["text"] == "안녕하세요 👋"
    assert pushed["sender"] == {"id": anna.id, "nickname": anna.nickname}


def test_the_longest_text_fits_with_any_escaping(room: Frame, anna: Person, ben: Person) -> None:
    text = "👋" * 2_000
    with anna.enter() as hers, ben.enter() as his:
        his.request("subscribe", channel=channel_of(room))
        assert len(json.dumps(text)) > 24_000, "as this client sends it"
        receipt = send_chat(hers, room, text)
        assert his.push("chat.message", message_id=receipt["message_id"])["text"] == text
    path = f"/api/rooms/{room['id']}/messages"
    wait_until(
        lambda: [message["text"] for message in ben.call("GET", path)["items"]] == [text],
        what="it is stored",
    )


def test_a_returning_member_gets_the_messages_since(room: Frame, anna: Person, ben: Person) -> None:
    with anna.enter() as hers, ben.enter() as his:
        his.request("subscribe", channel=channel_of(room))
        for text in ("one", "two", "three"):
            send_chat(hers, room, text)
        his.wait_for(lambda: len(his.pushes("chat.message")) == 3, what="three messages")
    pushed = his.pushes("chat.message")
    assert [message["text"] for message in pushed] == ["one", "two", "three"]
    seqs = [message["seq"] for message in pushed]
    assert seqs == sorted(set(seqs))
    with ben.enter() as back:
        missed = back.request("subscribe", channel=channel_of(room), after_seq=seqs[0])
    assert [message["text"] for message in missed["messages"]] == ["two", "three"]
    assert (missed["seq"], missed["truncated"]) == (seqs[2], False)
    path = f"/api/rooms/{room['id']}/messages?after_seq={seqs[0]}"
    wait_until(  # what was just sent is stored a little later
        lambda: bool(ben.call("GET", path)["items"] == missed["messages"]),
        what="the history has them too",
    )


def test_the_same_message_again_is_pushed_and_kept_once(
    room: Frame, anna: Person, ben: Person
) -> None:
    with anna.enter() as hers, ben.enter() as his:
        his.request("subscribe", channel=channel_of(room))
        first, again = (
            send_chat(hers, room, "once", key="k"),
            send_chat(hers, room, "once", key="k"),
        )
        send_chat(hers, room, "then")
        his.push("chat.message", text="then")
        assert [message["text"] for message in his.pushes("chat.message")] == ["once", "then"]
    assert first["message_id"] == again["message_id"]
    with ben.enter() as back:
        snapshot = back.request("subscribe", channel=channel_of(room))
    assert [message["text"] for message in snapshot["messages"]] == ["once", "then"]


def test_only_members_send_and_receive_chat(room: Frame, gateway: Gateway, ben: Person) -> None:
    outsider = gateway.sign_up("Stranger")
    with outsider.enter() as theirs:
        answers = [
            theirs.request("chat.send", room_id=room["id"], text="hello", key="k"),
            theirs.request("subscribe", channel=channel_of(room)),
        ]
        nowhere = theirs.request("chat.send", room_id=2**62, text="hello", key="k")
    assert [answer["code"] for answer in answers] == ["NOT_MEMBER", "NOT_MEMBER"]
    assert nowhere["code"] == "NOT_FOUND"
    page = outsider.request("GET", f"/api/rooms/{room['id']}/messages")
    assert (page.status_code, page.json()["code"]) == (403, "NOT_MEMBER")


def test_a_member_who_left_gets_no_messages(room: Frame, anna: Person, ben: Person) -> None:
    with anna.enter() as hers, ben.enter() as his:
        for socket in (hers, his):
            socket.request("subscribe", channel=channel_of(room))
        ben.call("POST", f"/api/rooms/{room['id']}/leave")
        wait_until(
            lambda: his.request("subscribe", channel=channel_of(room)).get("code") == "NOT_MEMBER",
            what="the gateways know that he left",
        )
        send_chat(hers, room, "he is gone")
        hers.push("chat.message", text="he is gone")
        his.request("time", client_ms=1)
        assert not his.pushes("chat.message", text="he is gone")


def test_presence_has_the_count_and_the_newest_message(
    room: Frame, anna: Person, ben: Person
) -> None:
    with anna.enter() as hers, ben.enter() as his:
        for socket in (hers, his):
            socket.request("subscribe", channel=channel_of(room))
        send_chat(hers, room, "here")
        seq = his.push("chat.message", text="here")["seq"]
        his.push("chat.presence", channel=channel_of(room), online=2, last_seq=seq)
