"""One running house for all end-to-end tests, and people to use it.

The house belongs to this folder, not to the session: other tests run workers of their own on the
same servers, and kill them.
"""

from collections.abc import Iterator

import pytest

from stack import Stack
from tests.e2e.house import House
from tests.e2e.people import Gateway, Person

PREFIX = "e2e-"


@pytest.fixture(scope="package")
def house() -> Iterator[House]:
    """Gateway with its workers, bridge and Celery workers on the tests' servers."""
    stack = Stack.of("test")
    stack.servers_up()
    stack.run_once("migrations", "alembic", "upgrade", "head")
    stack.run_once("topics", "python", "-m", "bridge", "topics")
    with House.open(stack, prefix=PREFIX) as house:
        yield house


@pytest.fixture(scope="package")
def gateway(house: House) -> Gateway:
    """The address everybody uses."""
    return house.gateway


@pytest.fixture(scope="package")
def seller(gateway: Gateway) -> Person:
    """Somebody who sells."""
    return gateway.sign_up("Soo")


@pytest.fixture(scope="package")
def anna(gateway: Gateway) -> Person:
    """Somebody who bids."""
    return gateway.sign_up("Anna")


@pytest.fixture(scope="package")
def ben(gateway: Gateway) -> Person:
    """Somebody else who bids."""
    return gateway.sign_up("벤")
