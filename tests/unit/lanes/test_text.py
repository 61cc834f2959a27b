"""Any bytes can be stored as text and read back unchanged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanes.text import as_bytes, as_text, headers_as_bytes, headers_as_text, printable


@given(st.binary())
def test_bytes_survive_a_round_trip(data: bytes) -> None:
    text = as_text(data)
    assert as_bytes(text) == data
    assert "\0" not in text
    text.encode()


@pytest.mark.parametrize("data", [b"a", "경매".encode(), b"{}"])
def test_plain_text_is_stored_as_it_is(data: bytes) -> None:
    assert as_text(data) == data.decode()


@pytest.mark.parametrize("data", [b"\xff", b"a\0b", b"\\xff"])
def test_text_postgresql_cannot_store_is_hexadecimal(data: bytes) -> None:
    assert as_text(data) == "\\x" + data.hex()


@given(st.lists(st.tuples(st.text(), st.binary())))
def test_headers_survive_a_round_trip(headers: list[tuple[str, bytes]]) -> None:
    assert headers_as_bytes(headers_as_text(headers)) == headers


def test_no_headers_are_stored_as_null() -> None:
    assert headers_as_text([]) is None


def test_control_characters_are_shown_escaped() -> None:
    assert printable("a\x1b[2Jb\n") == "a\\x1b[2Jb\\n"
