"""Reasons and codes for which a socket is closed (wire.md), each on a real socket."""

import json
import time

import pytest
from websocket import ABNF, WebSocketConnectionClosedException

from app.web.ws.connection import CLOSE_LINGER_S
from tests.e2e.bidding import bid, channel_of, watch
from tests.e2e.client import Socket, close_code_of, connect
from tests.e2e.cluster import Cluster
from tests.e2e.conftest import Limited
from tests.e2e.lots import create_lot
from tests.e2e.people import Gateway, Person

FRAME_BYTES_MAX = 32 * 1024
QUESTIONS_MAX = 200_000  # far more answers than all buffers of the system hold
RECEIVE_BYTES = 4_096


def padded(size: int) -> str:
    """A good frame of so many bytes."""
    frame = json.dumps({"id": 2, "type": "time", "client_ms": 1})
    return frame[:-1] + " " * (size - len(frame)) + "}"


def test_a_frame_above_the_largest_closes_1009(gateway: Gateway) -> None:
    with gateway.enter() as guest:
        guest.send_raw(padded(FRAME_BYTES_MAX))
        assert guest.answer(2)["type"] == "time"
        guest.send_raw(padded(FRAME_BYTES_MAX + 1))
        assert guest.wait_closed() == 1009


@pytest.mark.parametrize(
    ("data", "opcode", "code"),
    [
        ("한" * 12_000, ABNF.OPCODE_TEXT, 1009),  # fewer characters than bytes
        (b"\xff\xfe", ABNF.OPCODE_TEXT, 1007),
        (b'{"id":2,"type":"time","client_ms":1}', ABNF.OPCODE_BINARY, 4400),
        ("", ABNF.OPCODE_TEXT, 4400),
        ("hello", ABNF.OPCODE_TEXT, 4400),
        ("[]", ABNF.OPCODE_TEXT, 4400),
        ('"auth"', ABNF.OPCODE_TEXT, 4400),
        ('{"id":2,"type":"time","client_ms":1}{}', ABNF.OPCODE_TEXT, 4400),
        ('{"id":2,"type":"time","client_ms":1', ABNF.OPCODE_TEXT, 4400),
    ],
)
def test_an_undecodable_frame_closes_the_socket(
    gateway: Gateway, data: str | bytes, opcode: int, code: int
) -> None:
    with gateway.enter() as guest:
        guest.send_raw(data, opcode)
        assert guest.wait_closed() == code


def test_the_size_limit_covers_all_fragments_of_a_message(gateway: Gateway) -> None:
    ws = connect(gateway.ws_url, origin=gateway.base_url)
    with Socket(ws) as guest:
        assert guest.request("auth")["type"] == "welcome"
        text = padded(FRAME_BYTES_MAX)
        ws.send_frame(ABNF.create_frame(text[:100], ABNF.OPCODE_TEXT, 0))
        ws.send_frame(ABNF.create_frame("", ABNF.OPCODE_CONT, 0))
        ws.send_frame(ABNF.create_frame(text[100:], ABNF.OPCODE_CONT, 1))
        assert guest.answer(2)["type"] == "time"
        ws.send_frame(ABNF.create_frame("x" * FRAME_BYTES_MAX, ABNF.OPCODE_TEXT, 0))
        ws.send_frame(ABNF.create_frame("x", ABNF.OPCODE_CONT, 0))
        assert guest.wait_closed() == 1009


@pytest.mark.parametrize(
    ("data", "opcode"),
    [
        ('{"id":1,"type":"time","client_ms":1}', ABNF.OPCODE_TEXT),
        ('{"id":1,"type":"bid.place"}', ABNF.OPCODE_TEXT),
        ('{"id":1}', ABNF.OPCODE_TEXT),
        ('{"id":true,"type":"auth"}', ABNF.OPCODE_TEXT),
        ('{"id":1,"type":"auth","token":5}', ABNF.OPCODE_TEXT),
        ('{"id":1,"type":"auth","extra":5}', ABNF.OPCODE_TEXT),
        ("hello", ABNF.OPCODE_TEXT),
        (b'{"id":1,"type":"auth"}', ABNF.OPCODE_BINARY),
    ],
)
def test_anything_before_auth_closes_4401(gateway: Gateway, data: str | bytes, opcode: int) -> None:
    with gateway.open() as socket:
        socket.send_raw(data, opcode)
        assert socket.wait_closed() == 4401
    assert socket.frames == []


def test_a_flooding_socket_is_refused_then_closed_4013(limited: Limited) -> None:
    with limited.strict.enter() as guest:
        answers = []
        while guest.close_code is None:
            frame_id = guest.send("time", client_ms=1)
            received = guest.wait_for_end_or_answer(frame_id)
            answers += [] if received is None else [received]
        assert guest.wait_closed() == 4013
    kinds = [answer["type"] for answer in answers]
    first_error = kinds.index("error")
    assert first_error >= 4  # a burst as long as a second's frames, `auth` among them
    refusals = [answer for answer in answers if answer["type"] == "error"]
    assert {(answer["code"], answer["retry"]) for answer in refusals} == {("RATE_LIMITED", True)}
    assert all(answer["retry_after_ms"] > 0 for answer in refusals)


def test_a_socket_that_pauses_is_served_again(limited: Limited) -> None:
    with limited.strict.enter() as guest:
        ids = [guest.send("time", client_ms=1) for _ in range(10)]
        assert guest.answer(ids[-1])["code"] == "RATE_LIMITED"
        # A ping and its pong are no frames of the client's: their coming shows that time passes.
        guest.wait_for(lambda: guest.pings >= 2, what="two pings")
        assert guest.request("time", client_ms=1)["type"] == "time"


def test_a_socket_that_answers_no_ping_is_closed_4012(limited: Limited) -> None:
    gateway = limited.strict
    ws = connect(gateway.ws_url, origin=gateway.base_url)
    ws.send('{"id":1,"type":"auth"}')
    opcodes = []
    while True:
        frame = ws.recv_frame()  # type: ignore[no-untyped-call]  # unlike recv, it answers nothing
        opcodes.append(frame.opcode)
        if frame.opcode == ABNF.OPCODE_CLOSE:
            break
    ws.shutdown()  # type: ignore[no-untyped-call]
    assert int.from_bytes(frame.data[:2], "big") == 4012
    assert opcodes == [ABNF.OPCODE_TEXT, ABNF.OPCODE_PING, ABNF.OPCODE_CLOSE]


def test_one_subscription_too_many_is_refused(limited: Limited, seller: Person) -> None:
    lots = [create_lot(seller) for _ in range(2)]
    with limited.strict.enter() as guest:
        for lot in lots:
            watch(guest, lot)
        watch(guest, lots[0])  # the same again is not one more
        answer = guest.request("subscribe", channel="auctions")
        assert (answer["code"], answer["retry"]) == ("TOO_MANY_SUBSCRIPTIONS", False)


def test_a_slow_reader_is_closed_4008_without_delaying_others(
    cluster: Cluster, limited: Limited, seller: Person, anna: Person
) -> None:
    lot = create_lot(seller)
    gateway = limited.patient
    log = cluster.stack.control.log_file(gateway.name)
    earlier = log.stat().st_size  # an earlier run may have logged the same
    slow = connect(gateway.ws_url, origin=gateway.base_url, receive_bytes=RECEIVE_BYTES)
    slow.send('{"id":1,"type":"auth"}')
    slow.send(json.dumps({"id": 2, "type": "subscribe", "channel": channel_of(lot)}))
    with anna.enter(at=gateway) as bidder, gateway.enter() as viewer:
        watch(viewer, lot)
        bid(bidder, lot, 1_000)
        frame_id = 2
        while b'"code":4008' not in log.read_bytes()[earlier:]:
            assert frame_id < QUESTIONS_MAX, "it was never closed"
            open_at = time.monotonic()
            for _ in range(100):
                frame_id += 1
                slow.send(json.dumps({"id": frame_id, "type": "time", "client_ms": 1}))
        try:
            assert close_code_of(slow) == 4008
        except (ConnectionResetError, WebSocketConnectionClosedException):
            assert time.monotonic() - open_at > CLOSE_LINGER_S, "nobody waited for the reader"
        bid(bidder, lot, 1_500)
        viewer.push("auction.state", auction_id=lot["id"], bid_count=2)
        assert (viewer.close_code, bidder.close_code) == (None, None)
    pushed = [b["seq"] for s in viewer.pushes("auction.state") for b in s["bids"]]
    assert pushed == [1, 2]


def test_a_failing_store_is_an_error_frame_and_the_socket_stays(
    limited: Limited, seller: Person
) -> None:
    lot = create_lot(seller)
    with seller.enter(at=limited.broken) as socket:
        answers = [
            socket.request("subscribe", channel=channel_of(lot)),
            socket.request("bid.place", auction_id=lot["id"], amount=1_000, key="k"),
            socket.request("bid.status", auction_id=lot["id"], key="k"),
            socket.request("notice.ack", up_to=1),
        ]
        assert socket.request("time", client_ms=1)["type"] == "time"
    refusals = {(answer["type"], answer["code"], answer["retry"]) for answer in answers}
    assert refusals == {("error", "BUSY", True)}
