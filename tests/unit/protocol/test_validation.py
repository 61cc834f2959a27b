"""Untrusted bytes become typed structs, or faults that name every wrong field."""

from typing import Any

import pytest

from app.domain.errors import InvalidError
from app.protocol.frames import BidPlace
from app.protocol.resources import Signup
from app.protocol.validation import InvalidTextError, MalformedError, decode_object, parse

BID: dict[str, Any] = {"id": 1, "type": "bid.place", "auction_id": 7, "amount": 500, "key": "k-1"}


NO_OBJECTS = [b"", b"[]", b"1", b"null", b'"x"', b"{", b'{"a":NaN}', b'{"a":Infinity}', b"{}x"]
TOO_DEEP = [b'{"a":' * 33 + b"1" + b"}" * 33, b"[" * 100_000]


@pytest.mark.parametrize("data", [*NO_OBJECTS, *TOO_DEEP])
def test_a_value_that_is_no_json_object_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedError):
        decode_object(data)


def test_invalid_utf8_is_reported_as_such() -> None:
    with pytest.raises(InvalidTextError):
        decode_object(b'{"a":"\xff"}')


def test_thirty_two_levels_are_not_too_deep() -> None:
    assert decode_object(b'{"a":' * 32 + b"1" + b"}" * 32)


def test_a_good_bid_has_defaults() -> None:
    bid = parse(BID, BidPlace)
    assert (bid.amount, bid.kind, bid.confirm) == (500, "exact", False)


WRONG: dict[str, list[Any]] = {
    "amount": [None, True, 0, -1, 1.0, "5", 10**12 + 1, 2**63, [], {}],
    "auction_id": [None, True, 0, -1, 2**63, "7"],
    "key": [None, 1, "", "k" * 65, "a b", "k\n", "키"],
    "kind": [None, "best", 1],
    "confirm": [None, 1, "true"],
    "unknown": [1],
}


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field, values in WRONG.items() for value in values]
)
def test_a_wrong_field_is_named(field: str, value: object) -> None:
    with pytest.raises(InvalidError) as caught:
        parse({**BID, field: value}, BidPlace)
    assert [fault.field for fault in caught.value.faults] == [field]


def test_a_number_above_a_double_is_invalid_not_malformed() -> None:
    raw = decode_object(b'{"id":1,"type":"bid.place","auction_id":7,"amount":1e309,"key":"k"}')
    with pytest.raises(InvalidError) as caught:
        parse(raw, BidPlace)
    assert [fault.field for fault in caught.value.faults] == ["amount"]


def test_every_fault_is_reported_at_once() -> None:
    with pytest.raises(InvalidError) as caught:
        parse({"email": 1, "nickname": "", "extra": 1}, Signup)
    assert {fault.field for fault in caught.value.faults} == {
        "email", "nickname", "extra", "password",
    }  # fmt: skip


def test_text_is_normalised_before_its_bounds_are_checked() -> None:
    signup = parse(
        {"email": " a@example.org ", "password": "0123456789", "nickname": " e\u0301 "}, Signup
    )
    assert (signup.email, signup.nickname) == ("a@example.org", "\u00e9")


@pytest.mark.parametrize("nickname", ["a\x00b", "a\tb", "   ", "n" * 31])
def test_text_out_of_bounds_is_refused(nickname: str) -> None:
    with pytest.raises(InvalidError) as caught:
        parse({"email": "a@b", "password": "0123456789", "nickname": nickname}, Signup)
    assert [fault.field for fault in caught.value.faults] == ["nickname"]
