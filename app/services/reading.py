"""Reading the value of a record: what it says, or why nobody can tell."""

from typing import TypeVar

import msgspec

from app.protocol.records import VERSION, version_of
from app.services.dead_letter_limits import UNDECODABLE
from app.services.lanes import BadRecordError, FutureVersionError

T = TypeVar("T")


def read_value(decoder: msgspec.json.Decoder[T], value: bytes | str | None) -> T:
    """The decoded value; None is a tombstone, which says nothing in any of our topics.

    Raises BadRecordError (Undecodable) for what nobody will ever read, and FutureVersionError for
    what newer code will.
    """
    if value is None:
        raise BadRecordError(UNDECODABLE, "the record has no value")
    try:
        return decoder.decode(value)
    except (ValueError, RecursionError) as error:
        version = version_of(value)
        if version > VERSION:
            raise FutureVersionError(f"version {version} is not known yet") from error
        raise BadRecordError(UNDECODABLE, str(error)) from error
