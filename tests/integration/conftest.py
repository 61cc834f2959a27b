"""Fixtures of tests on real servers."""

import pytest

from stack import Stack
from tests.integration.lanes.cluster import run_tool
from tests.servers import own_stack


@pytest.fixture(scope="session")
def stack() -> Stack:
    """The tests' servers, up and with their tables and topics."""
    stack = own_stack()
    stack.servers_up()
    run_tool(stack, "alembic", "upgrade", "head")
    run_tool(stack, "python", "-m", "bridge", "topics")
    return stack
