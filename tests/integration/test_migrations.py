"""The migrations make exactly the tables that the code names, and can be undone."""

from sqlalchemy import NullPool, create_engine

from app.adapters.postgres.engine import driver_url
from tests.integration.database import alembic, own_database

_OBJECTS = """
SELECT relkind, relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
WHERE nspname = 'public' AND relname NOT LIKE 'alembic%%' ORDER BY 1, 2"""


def objects(database_url: str) -> list[tuple[str, str]]:
    """Tables, views, indexes and sequences, Alembic's own aside."""
    engine = create_engine(driver_url(database_url), poolclass=NullPool)
    with engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(_OBJECTS)]


def test_up_is_the_schema_down_leaves_nothing_and_up_again_is_the_same() -> None:
    with own_database("migrations") as environment:
        alembic(environment, "upgrade", "head")
        alembic(environment, "check")
        made = objects(environment["DATABASE_URL"])
        assert ("v", "inbox_waiting") in made
        alembic(environment, "downgrade", "base")
        assert objects(environment["DATABASE_URL"]) == []
        alembic(environment, "upgrade", "head")
        alembic(environment, "check")
        assert objects(environment["DATABASE_URL"]) == made
