"""From untrusted bytes to typed structs, with every fault named by its field.

Decoding is two steps: JSON to plain values, which tells malformed from wrong, then values to a
struct. The second is tried whole first; only when it fails is each field tried alone, so that a
caller learns all faults at once and by name, and good input pays nothing for it.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar, cast, get_args

import msgspec
from msgspec import NODEFAULT, Struct, ValidationError
from msgspec.structs import fields

from app.domain.errors import FieldFault, InvalidError

DEPTH_MAX = 32  # wire.md: deeper than 32 is malformed

S = TypeVar("S", bound=Struct)


class Number:
    """A JSON number that is no integer, or one of more digits than anybody reads.

    No field takes one (wire.md: money, ids and counts are integers), so that it is the wrong value
    of its field and never a malformed document. What it amounts to is not worked out: an exponent
    of a client's choice would cost memory without a bound.
    """

    __slots__ = ()

    def __init__(self, text: str) -> None:
        """Keep nothing of `text`."""


_decoder = msgspec.json.Decoder(float_hook=Number)

# Integers that are longer than the decoder reads (4,300 digits, as in Python), and what must be
# stepped over to find them: strings. Possessive, so that no input is looked at twice.
_LONG_INTEGERS = re.compile(
    rb'("(?:[^"\\]|\\.)*+"?)|(?<![0-9.eE+-])-?[1-9][0-9]{4300,}+(?![0-9.eE])', re.DOTALL
)
_ANY_NUMBER = b"0e0"  # what `Number` is made of


class MalformedError(ValueError):
    """Not a JSON object, or nested too deep."""


class InvalidTextError(MalformedError):
    """Not UTF-8."""


def decode_object(data: bytes | str) -> dict[str, Any]:
    """A JSON object from bytes. Raises MalformedError, or InvalidTextError when it is not UTF-8."""
    try:
        value = _decode(data)
    except UnicodeDecodeError as error:
        raise InvalidTextError("not UTF-8") from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise MalformedError("not JSON") from error
    if not isinstance(value, dict):
        raise MalformedError("not a JSON object")
    if _is_deeper_than(value, DEPTH_MAX):
        raise MalformedError(f"nested deeper than {DEPTH_MAX}")
    return value


def _decode(data: bytes | str) -> object:
    try:
        return _decoder.decode(data)
    except ValidationError:
        # Without types this says one thing: an integer is too long.
        text = data.encode() if isinstance(data, str) else data
        return _decoder.decode(_LONG_INTEGERS.sub(lambda found: found[1] or _ANY_NUMBER, text))


def parse(values: Mapping[str, Any], struct: type[S], *, strict: bool = True) -> S:
    """`values` as a `struct`, texts trimmed and normalised; InvalidError names every fault.

    `strict=False` reads numbers and booleans out of strings, for query strings and environments.
    """
    cleaned = _clean(values, struct)
    try:
        return msgspec.convert(cleaned, struct, strict=strict)
    except ValidationError as error:
        faults = _faults(cleaned, struct, strict=strict)
        raise InvalidError(faults or [_fault("", error)]) from error


def _clean(values: Mapping[str, Any], struct: type[Struct]) -> dict[str, Any]:
    cleaned = dict(values)
    for name in _text_fields(struct):
        value = cleaned.get(name)
        if isinstance(value, str):
            cleaned[name] = _clean_text(value, name)
    return cleaned


def _clean_text(value: str, name: str) -> str:
    text = unicodedata.normalize("NFC", value.strip())
    if any(unicodedata.category(char) == "Cc" and char != "\n" for char in text):
        raise InvalidError([FieldFault(name, "CONTROL_CHARACTER", "contains a control character")])
    return text


@cache
def _text_fields(struct: type[Struct]) -> tuple[str, ...]:
    return tuple(field.encode_name for field in fields(struct) if _is_text(field.type))


def _is_text(kind: Any) -> bool:  # noqa: ANN401 - a type expression has no type of its own
    extra = [m.extra for m in getattr(kind, "__metadata__", ()) if isinstance(m, msgspec.Meta)]
    return any(e and e.get("text") for e in extra) or any(_is_text(arg) for arg in get_args(kind))


def _faults(values: Mapping[str, Any], struct: type[Struct], *, strict: bool) -> list[FieldFault]:
    known = {field.encode_name: field for field in fields(struct)}
    faults = [
        FieldFault(name, "UNKNOWN_FIELD", "unknown field") for name in values if name not in known
    ]
    for name, field in known.items():
        if name not in values:
            if field.default is NODEFAULT and field.default_factory is NODEFAULT:
                faults.append(FieldFault(name, "REQUIRED", "is required"))
            continue
        try:
            msgspec.convert(values[name], field.type, strict=strict)
        except ValidationError as error:
            faults.append(_fault(name, error))
    return faults


def _fault(name: str, error: ValidationError) -> FieldFault:
    message, _, path = str(error).partition(" - at `$")
    inner = path.rstrip("`")
    return FieldFault((name + inner).lstrip("."), "INVALID", message)


def _is_deeper_than(value: object, depth: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    if depth == 0:
        return True
    inner = cast("list[object]", list(value.values()) if isinstance(value, dict) else value)
    return any(_is_deeper_than(item, depth - 1) for item in inner)
