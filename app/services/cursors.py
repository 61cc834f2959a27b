"""Opaque cursors of lists: clients send them back unchanged."""

import base64
import binascii

import msgspec

from app.domain.errors import FieldFault, InvalidError
from app.protocol.types import INT64_MAX

_decoder = msgspec.json.Decoder(tuple[str, int, int])


def write_cursor(order: str, value: int, row_id: int) -> str:
    """Return the cursor after the row with this id, in the list sorted by `order`."""
    return base64.urlsafe_b64encode(msgspec.json.encode((order, value, row_id))).decode()


def read_cursor(text: str | None, order: str) -> tuple[int, int] | None:
    """Return (value, id) of the last row of the page before. Raise InvalidError for a text that is
    no cursor of this list."""
    if text is None:
        return None
    try:
        wrote, value, row_id = _decoder.decode(
            base64.b64decode(text, altchars=b"-_", validate=True)
        )
    except (binascii.Error, ValueError) as error:
        raise _invalid() from error
    if wrote != order or not (0 <= value <= INT64_MAX and 0 <= row_id <= INT64_MAX):
        raise _invalid()
    return value, row_id


def _invalid() -> InvalidError:
    return InvalidError([FieldFault("cursor", "INVALID", "not a cursor of this list")])
