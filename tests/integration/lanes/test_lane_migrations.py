"""The platform's own migrations create its tables, apart from the application's."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, NullPool, create_engine

from lanes.migrations import VERSION_TABLE, downgrade, schema_fault, upgrade
from lanes.postgres.engine import driver_url
from lanes.postgres.schema import metadata
from lanes.postgres.schema_name import SCHEMA
from tests.integration.database import alembic, own_database

FIRST = "0001"
_ROWS = """
INSERT INTO {inbox} (topic, partition, "offset", key, payload, log_time)
VALUES ('things', 0, 7, 'a', '{{}}', now())"""


def differences(connection: Connection) -> list[object]:
    """Return how the tables differ from what the code names."""
    context = MigrationContext.configure(
        connection,
        opts={
            "include_schemas": True,
            "include_name": lambda name, kind, _: kind != "schema" or name == SCHEMA,
            "include_object": lambda _, name, *__: name != VERSION_TABLE,
            "compare_type": True,
            "compare_server_default": True,
        },
    )
    return list(compare_metadata(context, metadata))


def test_own_migrations_give_the_tables_that_the_code_names() -> None:
    with own_database("lanes") as environment:
        engine = create_engine(driver_url(environment["DATABASE_URL"]), poolclass=NullPool)
        with engine.begin() as connection:
            connection.exec_driver_sql(f"CREATE SCHEMA {SCHEMA}")
            assert "is not there" in str(schema_fault(connection, schema=SCHEMA))
            upgrade(connection, schema=SCHEMA)
            assert schema_fault(connection, schema=SCHEMA) is None
            assert differences(connection) == []
            downgrade(connection, schema=SCHEMA, revision=FIRST)
            assert f"is at {FIRST}, not" in str(schema_fault(connection, schema=SCHEMA))
            downgrade(connection, schema=SCHEMA)
            upgrade(connection, schema=SCHEMA)


def test_the_migration_moves_the_tables_with_their_rows() -> None:
    with own_database("lanes") as environment:
        engine = create_engine(driver_url(environment["DATABASE_URL"]), poolclass=NullPool)
        alembic(environment, "upgrade", "0014")
        with engine.begin() as connection:
            connection.exec_driver_sql(_ROWS.format(inbox="inbox"))
        alembic(environment, "upgrade", "head")
        with engine.begin() as connection:
            assert schema_fault(connection, schema=SCHEMA) is None
            assert differences(connection) == []
            rows = connection.exec_driver_sql('SELECT "offset" FROM lanes.inbox')
            assert rows.scalars().all() == [7]


def test_code_of_the_previous_release_works_with_the_old_names() -> None:
    with own_database("lanes") as environment:
        engine = create_engine(driver_url(environment["DATABASE_URL"]), poolclass=NullPool)
        alembic(environment, "upgrade", "head")
        with engine.begin() as connection:
            connection.exec_driver_sql(_ROWS.format(inbox="inbox"))
            repeat = _ROWS.format(inbox="inbox") + " ON CONFLICT DO NOTHING"
            again = connection.exec_driver_sql(repeat)
            assert again.rowcount == 0
            waiting = 'SELECT topic, partition, "offset", key FROM inbox_waiting'
            assert connection.exec_driver_sql(waiting).one() == ("things", 0, 7, "a")
            removed = connection.exec_driver_sql('DELETE FROM inbox WHERE "offset" = 7')
            assert removed.rowcount == 1
