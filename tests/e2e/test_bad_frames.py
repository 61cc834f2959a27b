"""Bad input over sockets, as a table: each value gets its answer of wire.md, and no effect."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.protocol.topics import AUCTION_BID, CHAT_MESSAGE
from app.settings import read_settings
from stack.websocket_client import Frame
from tests import kafka_log
from tests.e2e.bidding import bid
from tests.e2e.client import Socket
from tests.e2e.cluster import Cluster
from tests.e2e.conftest import Limited
from tests.e2e.lots import create_lot
from tests.e2e.people import Person
from tests.numbers import nested

BID_BYTES_MAX = 4_096
NOWHERE = 2**62  # no auction has this id
LONG = ("1e1000000000000000000", "9" * 5_000, f"[{'9' * 5_000}]")
NUMBERS = (
    "null", '"1"', "true", "0", "-1", "1.5", "1e309", "9223372036854775808", "[]", "{}",
    "[[[[[[[[]]]]]]]]", *LONG,
)  # fmt: skip
TEXTS = (*LONG, "null", "5", "true", "1e309", '""', "[]", "{}", '"\\u0000"', "[[[[[[[[]]]]]]]]")
KEYS = (*TEXTS, '"a b"', '"a\\n"', '"한"', json.dumps("k" * 65))
COUNTS = tuple(raw for raw in NUMBERS if raw != "0")  # 0 is a count
CHANNELS = (*TEXTS, '"auction:0"', '"auction:x"', '"room:1:2"', '"other"', json.dumps("a" * 5_000))
WRONG: dict[str, dict[str, tuple[str, ...]]] = {
    "time": {"client_ms": COUNTS},
    "subscribe": {"channel": CHANNELS, "after_seq": tuple(r for r in COUNTS if r != "null")},
    "unsubscribe": {"channel": CHANNELS},
    "bid.place": {
        "auction_id": NUMBERS,
        "amount": (*NUMBERS, "1000000000001"),
        "key": KEYS,
        "kind": (*TEXTS, '"other"'),
        "confirm": ("null", "0", "1", '"true"', "[]", "1e309"),
    },
    "bid.status": {"auction_id": NUMBERS, "key": KEYS},
    "chat.send": {
        "room_id": NUMBERS,
        "text": (
            *TEXTS,
            '"   "',
            json.dumps("x" * 2_001),
            '"\\u200b"',
            '"\\u3164\\ufeff"',
            '"a\\u0007b"',
            json.dumps("a" + "\u0301\u0323" * 16),
            json.dumps("\u0301\u0323" * 1_200),
        ),
        "key": KEYS,
    },
    "notice.ack": {"up_to": NUMBERS},
    "auth": {"token": ("5", "true", "[]", "1e309", json.dumps("x" * 4_097))},
}
GOOD: dict[str, Frame] = {
    "time": {"client_ms": 1},
    "subscribe": {"channel": "auctions"},
    "unsubscribe": {"channel": "auctions"},
    "bid.place": {"auction_id": NOWHERE, "amount": 1_000, "key": "k"},
    "bid.status": {"auction_id": NOWHERE, "key": "k"},
    "chat.send": {"room_id": NOWHERE, "text": "hello", "key": "k"},
    "notice.ack": {"up_to": 1},
    "auth": {},
}
VALUES = [(t, f, raw) for t, fields in WRONG.items() for f, raws in fields.items() for raw in raws]
FIELDS = [(t, f) for t, fields in WRONG.items() for f in (*fields, "unknown")]
MISSING = [(type_, field) for type_, good in GOOD.items() for field in good]
CLOSING = ["NaN", "Infinity", "-Infinity", "[" * 40 + "]" * 40, "01", "'x'"]
IDS = [
    *LONG,
    "null",
    '"2"',
    "true",
    "-1",
    "0",
    "1",
    "1.5",
    "1e309",
    "9223372036854775808",
    "[]",
    "NaN",
]


@pytest.fixture(scope="module")
def socket(limited: Limited, anna: Person) -> Iterator[Socket]:
    """One socket for all that does not close it."""
    with anna.enter(at=limited.patient) as socket:
        yield socket


def raw_frame(frame_id: Any, type_: str, fields: Frame) -> str:
    """A frame whose fields hold JSON texts."""
    body = {"id": frame_id, "type": json.dumps(type_), **fields}
    return "{" + ",".join(f"{json.dumps(name)}:{raw}" for name, raw in body.items()) + "}"


def with_raw(type_: str, field: str, raw: str, good: Frame) -> Frame:
    return {**{name: json.dumps(value) for name, value in good.items()}, field: raw}


def request_raw(socket: Socket, type_: str, fields: Frame) -> Frame:
    frame_id = socket.next_id()
    socket.send_raw(raw_frame(frame_id, type_, fields))
    return socket.answer(frame_id)


def is_invalid(answer: Frame, field: str) -> bool:
    found = (answer["type"], answer["code"], answer["field"].split("[")[0], answer["retry"])
    return found == ("error", "INVALID", field, False)


@pytest.mark.parametrize(("type_", "field", "raw"), VALUES)
def test_a_wrong_value_is_named_and_the_socket_stays(
    socket: Socket, type_: str, field: str, raw: str
) -> None:
    answer = request_raw(socket, type_, with_raw(type_, field, raw, GOOD[type_]))
    assert is_invalid(answer, field), answer
    assert socket.request("time", client_ms=1)["type"] == "time"


@settings(max_examples=200, deadline=None)
@given(field=st.sampled_from(FIELDS), raw=nested)
def test_huge_numbers_are_invalid_values_of_their_field(
    socket: Socket, field: tuple[str, str], raw: str
) -> None:
    type_, name = field
    assert is_invalid(request_raw(socket, type_, with_raw(type_, name, raw, GOOD[type_])), name)


@pytest.mark.parametrize(("type_", "field"), MISSING)
def test_a_missing_field_is_named(socket: Socket, type_: str, field: str) -> None:
    fields = {name: json.dumps(value) for name, value in GOOD[type_].items() if name != field}
    assert is_invalid(request_raw(socket, type_, fields), field)


@pytest.mark.parametrize("type_", GOOD)
def test_an_unknown_field_is_named(socket: Socket, type_: str) -> None:
    assert is_invalid(
        request_raw(socket, type_, with_raw(type_, "extra", "1", GOOD[type_])), "extra"
    )


@pytest.mark.parametrize("raw", ['"other"', '""', "null", "5", "[]", "1e309"])
def test_an_unknown_type_is_invalid(socket: Socket, raw: str) -> None:
    assert is_invalid(request_raw(socket, "", {"type": raw}), "type")


@pytest.mark.parametrize("raw", CLOSING)
@pytest.mark.parametrize(("type_", "field"), [("bid.place", "amount"), ("chat.send", "text")])
def test_invalid_or_too_deep_json_closes_4400(
    limited: Limited, anna: Person, type_: str, field: str, raw: str
) -> None:
    with anna.enter(at=limited.patient) as socket:
        socket.send_raw(raw_frame(2, type_, with_raw(type_, field, raw, GOOD[type_])))
        assert socket.wait_closed() == 4400


@pytest.mark.parametrize("raw", IDS)
def test_an_id_that_is_no_rising_integer_closes_4400(limited: Limited, raw: str) -> None:
    with limited.patient.enter() as socket:
        socket.send_raw(raw_frame(raw, "time", {"client_ms": 1}))
        assert socket.wait_closed() == 4400


@pytest.mark.parametrize("type_", ["bid.place", "chat.send"])
def test_a_missing_resource_is_not_found(socket: Socket, type_: str) -> None:
    answer = socket.request(type_, **GOOD[type_])
    assert (answer["type"], answer["code"], answer["retry"]) == ("error", "NOT_FOUND", False)


def test_a_bids_frame_is_bounded_more_tightly(socket: Socket, seller: Person) -> None:
    lot = create_lot(seller)

    def send(size: int, amount: int) -> Frame:
        frame_id = socket.next_id()
        fields = {"auction_id": lot["id"], "amount": amount, "key": json.dumps(f"k{amount}")}
        text = raw_frame(frame_id, "bid.place", fields)
        socket.send_raw(text[:-1] + " " * (size - len(text)) + "}")
        return socket.answer(frame_id)

    bid(socket, lot, 1_000)
    assert is_invalid(send(BID_BYTES_MAX + 1, 2_000), "")
    assert send(BID_BYTES_MAX, 3_000)["type"] == "bid.received"
    assert socket.push("bid.result", key="k3000")["seq"] == 2


def test_bad_input_leaves_no_record_and_changes_no_row(
    cluster: Cluster, limited: Limited, seller: Person, anna: Person, socket: Socket
) -> None:
    lot = create_lot(seller)
    settings = read_settings(cluster.stack.environment())
    ends = {
        topic: kafka_log.ends(settings, topic) for topic in (AUCTION_BID.name, CHAT_MESSAGE.name)
    }
    good = {"auction_id": lot["id"], "amount": 1_000, "key": "bad"}
    for field, raws in WRONG["bid.place"].items():
        for raw in raws:
            request_raw(socket, "bid.place", with_raw("bid.place", field, raw, good))
    request_raw(socket, "bid.place", with_raw("bid.place", "extra", "1", good))
    for field, raws in WRONG["chat.send"].items():
        for raw in raws:
            request_raw(socket, "chat.send", with_raw("chat.send", field, raw, GOOD["chat.send"]))
    with limited.patient.enter() as guest:
        assert guest.request("bid.place", **good)["code"] == "UNAUTHENTICATED"
    with limited.patient.open() as unauthenticated:
        unauthenticated.send("bid.place", **good)
        assert unauthenticated.wait_closed() == 4401
    assert anna.call("GET", f"/api/auctions/{lot['id']}")["version"] == lot["version"]
    answers = bid(socket, lot, 1_000)
    bids = [
        json.loads(r.value)
        for r in kafka_log.records(settings, AUCTION_BID.name, ends[AUCTION_BID.name])
    ]
    assert [b["key"] for b in bids if b["type"] == "bid"] == [answers.key]
    assert kafka_log.records(settings, CHAT_MESSAGE.name, ends[CHAT_MESSAGE.name]) == []
    assert answers.outcome["seq"] == 1
