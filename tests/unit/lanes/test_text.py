"""Any bytes can be stored as text, and come back as they were."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanes.text import as_bytes, as_text, headers_as_bytes, headers_as_text, printable


@given(st.binary())
def test_bytes_come_back_as_they_were(data: bytes) -> None:
    text = as_text(data)
    assert as_bytes(text) == data
    assert "\0" not in text
    text.encode()


@pytest.mark.parametrize("data", [b"a", "경매".encode(), b"{}"])
def test_plain_text_is_stored_as_it_is(data: bytes) -> None:
    assert as_text(data) == data.decode()


@pytest.mark.parametrize("data", [b"\xff", b"a\0b", b"\\xff"])
def test_what_postgresql_cannot_hold_is_stored_in_hexadecimal(data: bytes) -> None:
    assert as_text(data) == "\\x" + data.hex()


@given(st.lists(st.tuples(st.text(), st.binary())))
def test_headers_come_back_as_they_were(headers: list[tuple[str, bytes]]) -> None:
    assert headers_as_bytes(headers_as_text(headers)) == headers


def test_no_headers_take_no_room() -> None:
    assert headers_as_text([]) is None


def test_what_would_move_a_cursor_is_shown_escaped() -> None:
    assert printable("a\x1b[2Jb\n") == "a\\x1b[2Jb\\n"
