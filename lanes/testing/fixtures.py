"""Fixtures of pytest for tests that run on the store in memory and on PostgreSQL alike.

A test suite gets them by `pytest_plugins = ["lanes.testing.fixtures"]` in its topmost conftest.py.
"""

import os
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, NullPool, create_engine

from lanes.postgres.engine import driver_url
from lanes.testing.store import MemoryStore, MemoryTransaction

DATABASE = "DATABASE_URL"


@pytest.fixture
def memory_transaction() -> MemoryTransaction:
    """A transaction of an empty store in memory."""
    return MemoryTransaction(MemoryStore())


@pytest.fixture
def postgres_transaction() -> Iterator[Connection]:
    """A transaction of the database at `DATABASE_URL`, rolled back when the test ends.

    The test fails without that variable: a test that is skipped would prove nothing.
    """
    url = os.environ.get(DATABASE)
    if not url:
        pytest.fail(f"set {DATABASE}: this test needs PostgreSQL")
    engine = create_engine(driver_url(url), poolclass=NullPool)
    with engine.connect() as connection:
        yield connection
        connection.rollback()
