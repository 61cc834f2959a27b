"""Executes the platform's statements, in the schema that the engine names.

They are written for the schema `lanes`. An engine of another one carries its name as an option,
which each of its connections inherits.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, CursorResult, Engine

from lanes.postgres.schema_name import SCHEMA

_OPTION = "lanes_schema"
_SCHEMA_OF_TABLE = re.compile(rf"\b{SCHEMA}\.")


def with_schema(engine: Engine, schema: str) -> Engine:
    """Return the engine, with the same pool, for tables in `schema`."""
    return engine if schema == SCHEMA else engine.execution_options(**{_OPTION: schema})


def schema_of(connection: Connection) -> str:
    """Return the schema that the connection's engine names."""
    name: str = connection.get_execution_options().get(_OPTION, SCHEMA)
    return name


@cache
def in_schema(sql: str, schema: str) -> str:
    """Return the statement for tables in `schema`."""
    return sql if schema == SCHEMA else _SCHEMA_OF_TABLE.sub(f'"{schema}".', sql)


def execute(
    connection: Connection, sql: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None
) -> CursorResult[*tuple[Any, ...]]:
    """Execute a statement. Raise SQLAlchemy's DBAPIError."""
    return connection.exec_driver_sql(in_schema(sql, schema_of(connection)), parameters)
