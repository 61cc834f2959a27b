"""A read of one statement is one round trip."""

from collections.abc import Iterator
from typing import Any

import pytest
from psycopg2 import extensions
from psycopg2.extras import wait_select
from sqlalchemy import Engine

from app.adapters.postgres.queries import rows, transaction
from app.bootstrap.gateway import GatewayContainer
from app.settings import read_settings
from stack import Stack


@pytest.fixture
def engine(stack: Stack) -> Iterator[Engine]:
    container = GatewayContainer(read_settings(stack.environment()), application="single")
    yield container.engine
    container.engine.dispose()


@pytest.fixture
def questions(engine: Engine) -> Iterator[list[str]]:
    """Grows by one with each statement that the server receives, once connections are made."""
    for _ in range(2):  # the driver asks for its own settings on the first connection
        rows(engine, "SELECT 1", {})
    before = extensions.get_wait_callback()
    statements: list[str] = []

    def wait(connection: Any) -> None:
        statements.append("?")
        wait_select(connection)

    extensions.set_wait_callback(wait)
    yield statements
    extensions.set_wait_callback(before)


def test_a_read_of_one_statement_is_one_round_trip(engine: Engine, questions: list[str]) -> None:
    for number in range(1, 4):
        assert rows(engine, "SELECT %(value)s", {"value": number})[0][0] == number
        assert len(questions) == number


def test_a_later_transaction_is_a_real_one(engine: Engine, questions: list[str]) -> None:
    rows(engine, "SELECT 1", {})
    with transaction(engine) as connection:
        at_first = connection.exec_driver_sql("SELECT now()").scalar()
        assert connection.exec_driver_sql("SELECT now()").scalar() == at_first
    assert len(questions) == 1 + 4  # BEGIN, two statements, COMMIT
