"""A gateway answers all requests after PostgreSQL has closed its connections."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from app.adapters.postgres.queries import rows
from app.bootstrap.gateway import GatewayContainer
from app.settings import read_settings
from stack import Stack

APPLICATION = "closed-connections"
POOLS = ("engine", "chat_engine", "guest_engine")
CLOSE_ALL = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE application_name LIKE %(names)s AND pid <> pg_backend_pid()
"""


@pytest.fixture
def container(stack: Stack) -> Iterator[GatewayContainer]:
    container = GatewayContainer(read_settings(stack.environment()), application=APPLICATION)
    yield container
    for pool in POOLS:
        getattr(container, pool).dispose()


def close_all(container: GatewayContainer) -> int:
    """Let the server close the connections of the container; how many there were."""
    own = GatewayContainer(container.settings, application="closes")
    try:
        return len(rows(own.engine, CLOSE_ALL, {"names": f"{APPLICATION}%"}))
    finally:
        own.engine.dispose()


@pytest.mark.parametrize("pool", POOLS)
def test_a_closed_connection_is_never_handed_out(container: GatewayContainer, pool: str) -> None:
    engine: Engine = getattr(container, pool)
    assert rows(engine, "SELECT 1", {})[0][0] == 1
    assert close_all(container) == 1, "it was kept"
    assert rows(engine, "SELECT 2", {})[0][0] == 2
