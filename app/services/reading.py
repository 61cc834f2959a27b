"""Decoding the value of a record."""

from typing import TypeVar

import msgspec

from app.protocol.records import VERSION, version_of
from lanes import UNDECODABLE, BadRecordError, FutureVersionError

T = TypeVar("T")


def read_value(decoder: msgspec.json.Decoder[T], value: bytes | str | None) -> T:
    """Return the decoded value; None for a tombstone, which has no meaning in our topics.

    Raise BadRecordError (Undecodable) for a value no version can decode, and FutureVersionError for
    one that newer code can.
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
