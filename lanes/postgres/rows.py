"""Reading rows: as objects whose fields are called as the columns."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import cache
from typing import Any, TypeVar

from msgspec import Struct
from sqlalchemy import Row

from lanes.ports import Begin

T = TypeVar("T")


def rows(begin: Begin, sql: str, values: Mapping[str, Any]) -> Sequence[Row[Any]]:
    """Return all rows of one statement, in a transaction of its own. Raise OutageError."""
    with begin() as transaction:
        found: Sequence[Row[Any]] = transaction.exec_driver_sql(sql, dict(values)).all()
    return found


def as_stored(value: Any) -> Any:  # noqa: ANN401 - of a row
    """Return the value of a column, bytes as such."""
    return bytes(value) if isinstance(value, memoryview) else value


def read_row(
    kind: Callable[..., T],
    row: Row[Any],
    /,
    *,
    convert: Callable[[Any], Any] = as_stored,
    **given: Any,  # noqa: ANN401 - fields of any type
) -> T:
    """Return a dataclass or a struct from the columns with the names of its fields, each as
    `convert` returns it; `given` are its other fields."""
    names = _field_names(kind)
    values = {
        name: convert(value)
        for name, value in zip(row._fields, row, strict=True)
        if name in names and name not in given
    }
    return kind(**values, **given)


@cache
def _field_names(kind: Any) -> frozenset[str]:  # noqa: ANN401 - one of two kinds of types
    if issubclass(kind, Struct):
        return frozenset(kind.__struct_fields__)
    return frozenset(field.name for field in fields(kind))
