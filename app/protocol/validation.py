"""From untrusted bytes to typed structs, with every fault named by its field.

Decoding is two steps: JSON to plain values, which tells malformed from wrong, then values to a
struct. The second is tried whole first; only when it fails is each field tried alone, so that a
caller learns all faults at once and by name, and good input pays nothing for it.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeVar, cast, get_args

import msgspec
from msgspec import NODEFAULT, Meta, Struct, ValidationError
from msgspec.structs import fields

from app.domain.errors import FieldFault, InvalidError
from app.protocol.text import TextError, TextRule, clean_text

DEPTH_MAX = 32  # wire.md: deeper than 32 is malformed

S = TypeVar("S", bound=Struct)


class Number:
    """A JSON number that is not an integer, or has more digits than any field allows.

    No field takes one (wire.md: money, ids and counts are integers), so that it is the wrong value
    of its field and never a malformed document. Its value is not computed: an exponent of a
    client's choice would cost memory without a bound.
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
        # Without types the only possible error is an integer that is too long.
        text = data.encode() if isinstance(data, str) else data
        return _decoder.decode(_LONG_INTEGERS.sub(lambda found: found[1] or _ANY_NUMBER, text))


def parse(values: Mapping[str, Any], struct: type[S], *, strict: bool = True) -> S:
    """`values` as a `struct`, texts trimmed and normalised; InvalidError names every fault.

    `strict=False` reads numbers and booleans out of strings, for query strings and environments.
    """
    cleaned, unclean = _clean(values, struct)
    try:
        found = msgspec.convert(cleaned, struct, strict=strict)
    except ValidationError as error:
        faults = _faults(cleaned, struct, strict=strict, but=unclean)
        raise InvalidError([*unclean, *faults] or [_fault("", error)]) from error
    if unclean:
        raise InvalidError(unclean)
    return found


def _clean(
    values: Mapping[str, Any], struct: type[Struct]
) -> tuple[dict[str, Any], list[FieldFault]]:
    """The values with their texts clean, and the faults of those that cannot be."""
    cleaned, faults = dict(values), []
    for name, rule in _text_rules(struct):
        value = cleaned.get(name)
        if isinstance(value, str):
            try:
                cleaned[name] = clean_text(value, rule)
            except TextError as error:
                faults.append(FieldFault(name, error.code, str(error)))
    return cleaned, faults


@cache
def _text_rules(struct: type[Struct]) -> tuple[tuple[str, TextRule], ...]:
    rules = ((field.encode_name, _text_rule(field.type)) for field in fields(struct))
    return tuple((name, rule) for name, rule in rules if rule is not None)


def _text_rule(kind: Any) -> TextRule | None:  # noqa: ANN401 - a type expression has no type
    for meta in getattr(kind, "__metadata__", ()):
        if isinstance(meta, Meta) and meta.extra and "text" in meta.extra and meta.max_length:
            return TextRule(meta.extra["text"], meta.max_length)
    return next((rule for arg in get_args(kind) if (rule := _text_rule(arg))), None)


def _faults(
    values: Mapping[str, Any], struct: type[Struct], *, strict: bool, but: Sequence[FieldFault]
) -> list[FieldFault]:
    """The fault of every field `but` those of which one is known already."""
    named = {fault.field for fault in but}
    known = {field.encode_name: field for field in fields(struct) if field.encode_name not in named}
    faults = [
        FieldFault(name, "UNKNOWN_FIELD", "unknown field")
        for name in values
        if name not in known and name not in named
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
