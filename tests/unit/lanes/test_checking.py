"""The inbox can hold every record that is ingested, and a refused one has a reason."""

import json
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.ids import bid_id
from app.services import settling
from lanes.checking import checked
from lanes.dead_letter import Refusal, dead_letter
from lanes.errors import BadRecordError, FutureVersionError
from lanes.kafka.records import REPLAYS_MAX, raw_record
from lanes.record import RawRecord
from tests.unit.lanes.builders import LANE, LOG_TIME, SIZES, raw

ITEM = {"v": 1, "name": "a", "id": "i", "text": "t"}
DEEP = b'{"x":' + b"[" * 100_000


def bid_bytes(**changes: Any) -> bytes:
    return json.dumps({**ITEM, **changes}).encode()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"is_stamped_by_broker": False}, "NoLogTime"),
        ({"key": None}, "NoKey"),
        ({"key": b""}, "NoKey"),
        ({"key": b"\xff"}, "BadUtf8"),
        ({"key": b"a\0"}, "BadUtf8"),
        ({"value": b'{"v":1,"name":"\xff"}'}, "BadUtf8"),
        ({"value": b'{"v":1,"name":"\0"}'}, "BadUtf8"),
        ({"key": b"k" * (SIZES.key_bytes_max + 1)}, "TooLarge"),
        ({"value": b" " * (SIZES.value_bytes_max + 1)}, "TooLarge"),
        ({"value": bid_bytes(name="b")}, "KeyMismatch"),
        ({"value": b""}, "Undecodable"),
        ({"value": b"{"}, "Undecodable"),
        ({"value": b"[]"}, "Undecodable"),
        ({"value": bid_bytes(v=0)}, "Undecodable"),
        ({"value": bid_bytes(v="2")}, "Undecodable"),
        ({"value": bid_bytes(more=1)}, "Undecodable"),
    ],
)
def test_a_bad_record_is_refused_with_its_reason(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadRecordError) as refused:
        checked(raw(0, **changes), LANE, SIZES)
    assert refused.value.reason == reason


def test_a_tombstone_is_refused() -> None:
    with pytest.raises(BadRecordError) as refused:
        checked(RawRecord("lists", 0, 0, b"a", None, LOG_TIME), LANE, SIZES)
    assert refused.value.reason == "Undecodable"


def test_a_record_of_a_newer_schema_is_ingested() -> None:
    value = bid_bytes(v=2, more={"than": "we know"})
    assert checked(raw(0, value), LANE, SIZES).payload == value.decode()


@pytest.mark.parametrize("value", [DEEP, b'{"v":1,"type":"bid","auction_id":' + b"[" * 100_000])
def test_nesting_without_end_is_undecodable_in_every_topic(value: bytes) -> None:
    with pytest.raises(BadRecordError) as refused:
        settling.check("1", value)
    assert refused.value.reason == "Undecodable"
    assert settling.identify(value) is None


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("2", b'{"v":1,"type":"close","auction_id":1}', "KeyMismatch"),
        ("1", b'{"v":1,"type":"close","auction_id":"1"}', "Undecodable"),
        ("1", b'{"v":1,"type":"nonsense","auction_id":1}', "Undecodable"),
    ],
)
def test_a_refused_auction_record_has_its_reason(key: str, value: bytes, reason: str) -> None:
    with pytest.raises(BadRecordError) as refused:
        settling.check(key, value)
    assert refused.value.reason == reason


@pytest.mark.parametrize("changes", [{"bidder_id": 6}, {"key": "j"}, {"bid_id": str(uuid4())}])
def test_a_bid_with_a_forged_id_is_refused_and_has_no_id(
    changes: dict[str, Any],
) -> None:
    bid = {
        "v": 1, "type": "bid", "bid_id": str(bid_id(5, 1, "k")), "auction_id": 1, "bidder_id": 5,
        "amount": 1, "kind": "exact", "confirm": False, "key": "k", "received_at": "",
    }  # fmt: skip
    settling.check("1", json.dumps(bid).encode())
    forged = json.dumps(bid | changes).encode()
    with pytest.raises(BadRecordError) as refused:
        settling.check("1", forged)
    assert refused.value.reason == "BadIdentity"
    assert settling.identify(forged) is None


def test_a_record_of_a_newer_schema_is_no_bad_record() -> None:
    with pytest.raises(FutureVersionError):
        settling.check("1", b'{"v":2,"type":"sealed","auction":"1"}')


@given(key=st.none() | st.binary(max_size=12), value=st.none() | st.binary(max_size=220))
def test_any_bytes_are_checked_or_refused(key: bytes | None, value: bytes | None) -> None:
    record = RawRecord("lists", 0, 0, key, value, LOG_TIME)
    try:
        taken = checked(record, LANE, SIZES)
    except BadRecordError as error:
        letter = dead_letter(record, Refusal("g", error.reason, error))
        assert (letter.raw_key, letter.payload) == (key, value or b"")
    else:
        assert "\0" not in taken.key + taken.payload


class Polled:
    """A record as the client gives it."""

    topic, partition, offset, key, value, timestamp = "lists", 1, 2, b"a", b"{}", 1_000

    def __init__(self, *headers: tuple[str, bytes | None], timestamp_type: int = 1) -> None:
        self.headers, self.timestamp_type = headers, timestamp_type


@pytest.mark.parametrize(
    ("header", "replays"),
    [
        (b"3", 3),
        (b"-1", 0),
        (b"", 0),
        (None, 0),
        (b"x", 0),
        (b"9" * 9, REPLAYS_MAX),
        (b"9" * 99, 0),
    ],
)
def test_only_a_number_is_a_replay_count(header: bytes | None, replays: int) -> None:
    assert raw_record(Polled(("replay_count", header))).replays == replays
    assert raw_record(Polled(("other", header))).replays == 0


@pytest.mark.parametrize(
    ("header", "written_at_ms"),
    [(b"1795000000123", 1_795_000_000_123), (b"soon", None), (b"9" * 99, None), (None, None)],
)
def test_only_a_number_is_a_write_time(header: bytes | None, written_at_ms: int | None) -> None:
    assert raw_record(Polled(("written_at_ms", header))).written_at_ms == written_at_ms
    assert raw_record(Polled()).written_at_ms is None


def test_a_record_with_its_producers_time_is_known() -> None:
    assert raw_record(Polled()).is_stamped_by_broker
    assert not raw_record(Polled(timestamp_type=0)).is_stamped_by_broker
