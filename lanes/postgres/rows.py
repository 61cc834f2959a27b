"""Reading rows: as objects whose fields are called as the columns."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import cache
from typing import Any, TypeVar

from msgspec import Struct
from sqlalchemy import Connection, Row

from lanes.ports import Begin
from lanes.postgres.statements import execute

T = TypeVar("T")

Converters = Mapping[type, Callable[[Any], Any]]
"""By the type of a column's value, what it becomes; others stay as they are."""

AS_STORED: Converters = {memoryview: bytes}


def rows(begin: Begin[Connection], sql: str, values: Mapping[str, Any]) -> Sequence[Row[Any]]:
    """Return all rows of one statement, in a transaction of its own. Raise OutageError."""
    with begin() as transaction:
        found: Sequence[Row[Any]] = execute(transaction, sql, dict(values)).all()
    return found


def read_row(
    kind: Callable[..., T],
    row: Row[Any],
    /,
    *,
    converters: Converters = AS_STORED,
    **given: Any,  # noqa: ANN401 - fields of any type
) -> T:
    """Return a dataclass or a struct from the columns with the names of its fields; `given` are its
    other fields."""
    values: dict[str, Any] = {}
    for index, name in _columns(kind, row._fields):
        value = row[index]
        convert = converters.get(type(value))
        values[name] = value if convert is None else convert(value)
    return kind(**(values | given))


@cache
def _columns(kind: Any, names: tuple[str, ...]) -> tuple[tuple[int, str], ...]:  # noqa: ANN401 - one of two kinds of types
    """Return index and name of the columns that are fields."""
    if issubclass(kind, Struct):
        own = frozenset(kind.__struct_fields__)
    else:
        own = frozenset(field.name for field in fields(kind))
    return tuple((index, name) for index, name in enumerate(names) if name in own)
