"""A number of any length or exponent is JSON, and an invalid value of its field."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import fields

from app.domain.errors import InvalidError
from app.protocol import records, resources
from app.protocol.dead_letters import ReplayRequest
from app.protocol.frames import CLIENT_FRAMES
from app.protocol.resources import Body
from app.protocol.validation import MalformedError, decode_object, parse
from app.services import settling
from app.services.reading import read_value
from lanes.errors import BadRecordError
from tests.numbers import HUGE, nested, outlandish


def bodies() -> list[type[Struct]]:
    found = [one for one in vars(resources).values() if isinstance(one, type)]
    return [one for one in found if issubclass(one, Body) and one is not Body]


STRUCTS: list[type[Struct]] = [*CLIENT_FRAMES.values(), *bodies(), ReplayRequest]
FIELDS = [(one, field.encode_name) for one in STRUCTS for field in fields(one)]


def wrong_fields(struct: type[Struct], text: str) -> set[str]:
    with pytest.raises(InvalidError) as caught:
        parse(decode_object(text), struct)
    return {fault.field.split(".")[0].split("[")[0] for fault in caught.value.faults}


@given(field=st.sampled_from([*FIELDS, *((one, "unknown") for one in STRUCTS)]), raw=nested)
def test_no_field_of_a_frame_or_body_accepts_a_huge_number(
    field: tuple[type[Struct], str], raw: str
) -> None:
    struct, name = field
    assert name in wrong_fields(struct, f'{{"{name}":{raw}}}')


@pytest.mark.parametrize("raw", HUGE)
def test_the_examples_are_wrong_in_every_field(raw: str) -> None:
    for struct, name in FIELDS:
        assert name in wrong_fields(struct, f'{{"{name}":{raw}}}')


_strings = st.text(max_size=8).map(json.dumps) | st.just('"' + "9" * 5_000 + '\\"1e999999999"')
_scalars = _strings | outlandish | st.sampled_from(["1", "true", "null", "NaN", "01", "-", "1."])
_documents = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3).map(lambda items: f"[{','.join(items)}]")
    | st.lists(st.tuples(_strings, inner), max_size=3).map(
        lambda items: "{" + ",".join(f"{name} : {value}" for name, value in items) + "}"
    ),
    max_leaves=6,
)  # fmt: skip


def shape(value: object) -> object:
    """Return the value with every number that no field accepts as None."""
    if isinstance(value, dict):
        return {name: shape(one) for name, one in value.items()}
    if isinstance(value, list):
        return [shape(one) for one in value]
    is_known = isinstance(value, str | bool) or (isinstance(value, int) and abs(value) < 2**63)
    return value if is_known else None


def refuse(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


@given(document=_documents)
def test_json_is_accepted_as_by_the_standard_decoder(document: str) -> None:
    """The standard library's decoder, which keeps numbers as text."""
    text = f'{{"a":{document}}}'
    numbers: dict[str, Any] = {"parse_float": lambda _: None, "parse_constant": refuse}
    try:
        expected = json.loads(
            text, parse_int=lambda raw: int(raw) if len(raw) < 100 else None, **numbers
        )
    except ValueError:
        with pytest.raises(MalformedError):
            decode_object(text)
    else:
        assert shape(decode_object(text)) == shape(expected)


RECORDS: dict[str, tuple[Any, dict[str, Any]]] = {
    "bid": (
        records.auction_bid_decoder,
        {
            "v": 1, "type": "bid", "bid_id": "00000000-0000-0000-0000-000000000001",
            "auction_id": 1, "bidder_id": 1, "amount": 1, "kind": "exact", "confirm": False,
            "key": "k", "received_at": "t",
        },
    ),
    "close": (records.auction_bid_decoder, {"v": 1, "type": "close", "auction_id": 1}),
    "chat": (
        records.chat_message_decoder,
        {
            "v": 1, "message_id": "00000000-0000-0000-0000-000000000001", "room_id": 1,
            "sender_id": 1, "text": "t", "key": "k", "sent_at": "t",
        },
    ),
    "event": (
        records.chat_event_decoder,
        {"v": 1, "type": "enter", "room_id": 1, "user_id": 1, "at": "t"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", RECORDS)
@given(data=st.data(), raw=nested)
def test_a_record_with_a_huge_number_is_undecodable(
    kind: str, data: st.DataObject, raw: str
) -> None:
    decoder, good = RECORDS[kind]
    read_value(decoder, json.dumps(good))
    name = data.draw(st.sampled_from([*good, "unknown"]))
    value = json.dumps({**good, name: "@"}).replace('"@"', raw)
    with pytest.raises(BadRecordError) as refused:
        read_value(decoder, value)
    assert refused.value.reason == "Undecodable"
    settling.identify(value.encode())  # a record that cannot be decoded
