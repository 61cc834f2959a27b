"""Migrations of the platform's tables, by Alembic, with a version table in their schema.

They run inside the caller's transaction, also inside a migration of the owner of the database: so
their functions get `op` and `schema` as arguments, and there is no env.py.
"""

from collections.abc import Callable
from typing import Any

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

VERSION_TABLE = "schema_version"
HEAD, BASE = "head", "base"


def upgrade(connection: Connection, *, schema: str, revision: str = HEAD) -> None:
    """Bring the tables in `schema`, which must exist, to `revision`."""
    script = _script()
    _run(connection, schema, lambda found, _: script._upgrade_revs(revision, found))  # noqa: SLF001 - as Alembic's commands do


def downgrade(connection: Connection, *, schema: str, revision: str = BASE) -> None:
    """Bring the tables in `schema` back to `revision`."""
    script = _script()
    _run(connection, schema, lambda found, _: script._downgrade_revs(revision, found))  # noqa: SLF001 - as Alembic's commands do


def current_revision(connection: Connection, *, schema: str) -> str | None:
    """Return the revision of the tables in `schema`; None when there are none."""
    return _context(connection, schema).get_current_revision()


def schema_fault(connection: Connection, *, schema: str) -> str | None:
    """Return what is wrong with the tables in `schema` for this code, in one line; None: nothing.

    Those of a newer release are not wrong: a release changes nothing that the one before it needs.
    """
    found = current_revision(connection, schema=schema)
    newest, *older = (one.revision for one in _script().walk_revisions())
    if found is not None and found not in older:
        return None
    state = f"is at {found}, not {newest}" if found else "is not there"
    return f"schema {schema} {state}: `python -m lanes init`"


def _script() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", "lanes:migrations")
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)


def _run(connection: Connection, schema: str, revisions: Callable[..., Any]) -> None:
    context = _context(connection, schema, fn=revisions)
    context.run_migrations(op=Operations(context), schema=schema)


def _context(connection: Connection, schema: str, **options: Any) -> MigrationContext:  # noqa: ANN401 - as Alembic takes them
    options |= {"version_table": VERSION_TABLE, "version_table_schema": schema}
    return MigrationContext.configure(connection, opts=options)
