"""Bytes of Kafka as text of PostgreSQL, which holds neither NUL nor what is not UTF-8.

UTF-8 is stored as it is; everything else in PostgreSQL's own notation of bytes, `\\x` and
hexadecimal digits, as is text that begins like that.
"""

import base64
from collections.abc import Sequence

import msgspec

HEX = "\\x"

Headers = Sequence[tuple[str, bytes]]
"""Names and values of a record's headers, in their order."""

_headers_decoder = msgspec.json.Decoder(list[tuple[str, str]])


def as_text(data: bytes) -> str:
    """Return bytes as text that can be stored; `as_bytes` gives them back."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return HEX + data.hex()
    return HEX + data.hex() if "\0" in text or text.startswith(HEX) else text


def as_bytes(text: str) -> bytes:
    """Return the bytes that `as_text` was given."""
    return bytes.fromhex(text[len(HEX) :]) if text.startswith(HEX) else text.encode()


def headers_as_text(headers: Headers) -> str | None:
    """Return headers as text that can be stored; None when there are none."""
    if not headers:
        return None
    rows = [(name, base64.b64encode(value).decode()) for name, value in headers]
    return msgspec.json.encode(rows).decode()


def headers_as_bytes(text: str | None) -> list[tuple[str, bytes]]:
    """Return the headers that `headers_as_text` was given."""
    if text is None:
        return []
    return [(name, base64.b64decode(value)) for name, value in _headers_decoder.decode(text)]


def printable(text: str) -> str:
    """Return text of others with escapes for what would move a terminal's cursor."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
