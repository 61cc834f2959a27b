"""Tampering with one thing at a time, undone at the end."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from tests.integration.audit.scenario import SettledScenario


@contextmanager
def changed(settled: SettledScenario, table: Any, which: Any, **values: Any) -> Iterator[None]:
    """Change one row inside; restore it at the end."""
    with settled.container.engine.begin() as connection:
        before = _one(connection, table, which)
        connection.execute(update(table).where(_is(table, before)).values(**values))
        after = {**before, **{name: values[name] for name in values if name in before}}
    try:
        yield
    finally:
        with settled.container.engine.begin() as connection:
            was = {name: before[name] for name in values}
            connection.execute(update(table).where(_is(table, after)).values(**was))


@contextmanager
def without(settled: SettledScenario, table: Any, which: Any) -> Iterator[None]:
    """Delete one row inside; restore it at the end."""
    with settled.container.engine.begin() as connection:
        before = _one(connection, table, which)
        connection.execute(delete(table).where(_is(table, before)))
    try:
        yield
    finally:
        with settled.container.engine.begin() as connection:
            connection.execute(insert(table).values(**before))


@contextmanager
def added(settled: SettledScenario, table: Any, **values: Any) -> Iterator[None]:
    """Insert one row inside; delete it at the end."""
    keys = list(table.primary_key.columns)
    with settled.container.engine.begin() as connection:
        row = connection.execute(insert(table).values(**values).returning(*keys)).one()
    made = dict(zip([column.name for column in keys], row, strict=True))
    try:
        yield
    finally:
        with settled.container.engine.begin() as connection:
            connection.execute(delete(table).where(_is(table, made)))


def _one(connection: Connection, table: Any, which: Any) -> dict[str, Any]:
    return dict(connection.execute(select(table).where(which)).mappings().one())


def _is(table: Any, row: dict[str, Any]) -> Any:
    """The row with this primary key."""
    conditions = [column == row[column.name] for column in table.primary_key.columns]
    first, *others = conditions
    for other in others:
        first &= other
    return first
